"""What the answer depends on: every policy and grant that applies to a request.

Source: RULES.md "Policy evaluation"; IAM user guide "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plerion_kms.authorization.documents import Policy


@dataclass(frozen=True, slots=True)
class Grant:
    """A KMS grant (RULES.md "Grants").

    key_arn: the key that it is on.
    grantee, retiring: principal ARNs, or names of services, as given to CreateGrant; retiring is empty for a grant
        without a retiring principal.
    operations: KMS grant operation names (`Decrypt`, `ReEncryptFrom` ...).
    equals, subset: the encryption-context constraints, None where the grant has no such constraint; source_arn: the
        SourceArn constraint, empty for a grant without.
    issuing_account: the account that called CreateGrant.
    """

    grant_id: str
    key_arn: str
    grantee: str
    operations: tuple[str, ...]
    issuing_account: str
    retiring: str = ""
    equals: Mapping[str, str] | None = None
    subset: Mapping[str, str] | None = None
    source_arn: str = ""


@dataclass(frozen=True, slots=True)
class Policies:
    """All that applies to one request.

    identity: the caller's inline and managed policies, group policies included.
    boundary: the caller's permissions boundary, None if there is none.
    session: the session policies, None where the session was made without (an empty tuple allows nothing).
    resource: the key policy or role trust policy of the resource, None for an operation without one.
    grants: the grants on the key.
    service_control, resource_control: SCPs of the caller's account and RCPs of the owner's, one inner tuple for each
        level from the organization's root down to the account; empty where the account is in no organization.
    endpoint: the policy of the VPC endpoint that the request came through, None for a request by another way.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    resource: Policy | None = None
    grants: tuple[Grant, ...] = field(default=())
    service_control: tuple[tuple[Policy, ...], ...] = ()
    resource_control: tuple[tuple[Policy, ...], ...] = ()
    endpoint: Policy | None = None
