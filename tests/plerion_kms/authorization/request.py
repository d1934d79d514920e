"""A request: principal, action, resource and context.

Source of the shapes: RULES.md "Context keys for KMS"; IAM user guide "Global condition context keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

type ContextValue = str | tuple[str, ...]
"""A single-valued context key's value, or a multivalued one's values."""


class PrincipalType(StrEnum):
    """The kinds of caller that AWS distinguishes when it evaluates policies."""

    ACCOUNT_ROOT = "account root"
    USER = "user"
    ROLE_SESSION = "role session"
    FEDERATED_USER = "federated user"
    WEB_IDENTITY = "web identity"
    SAML = "SAML identity"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request.

    type: what kind of caller it is.
    arn: as sts:GetCallerIdentity prints it (`arn:aws:iam::A:user/path/NAME`,
        `arn:aws:sts::A:assumed-role/NAME/SESSION`, `arn:aws:iam::A:root`, `arn:aws:sts::A:federated-user/NAME`);
        for a service its name (`ec2.amazonaws.com`), for web identity or SAML the provider (its ARN, or its
        host name), empty for anonymous.
    account: 12 digits; empty for services and for identities that hold no AWS credentials yet.
    issuer_arn: the IAM identity behind the credentials, with its path: the role of a role session, the user of a
        user or of a federated user; the root ARN for the account root; empty otherwise.
    user_id: the value of `aws:userid`.
    tags: principal tags, session tags already merged over the role's (keys compared case-insensitively).
    """

    type: PrincipalType
    arn: str
    account: str = ""
    issuer_arn: str = ""
    user_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    """What the action works on.

    arn: the full ARN (for a key always the key ARN, never an alias or a bare id), or `*` for an operation that
        works on no resource.
    account: the owner's 12 digits; for `*` the caller's.
    tags: the resource's tags if the service gives them to the decision (`aws:ResourceTag`), else None.
    """

    arn: str
    account: str
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One permission asked for: principal, action (`kms:Decrypt`), resource, and context keys beyond those that
    follow from the principal and the resource (`kms:ViaService`, `sts:ExternalId`, `aws:SourceIp` ...)."""

    principal: Principal
    action: str
    resource: Resource
    context: Mapping[str, ContextValue] = field(default_factory=dict)
