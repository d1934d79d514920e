"""One question with everything that it depends on, as plain data: what the generators make, and what the naive
evaluator and the engine are both asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

type Statement = dict[str, Any]
type Policy = dict[str, Any]
"""A policy document as `json.loads` gives it."""


@dataclass(frozen=True)
class Who:
    """The caller. kind: `account root`, `user`, `role session` or `federated user`; arn: as sts:GetCallerIdentity
    prints it; issuer: the ARN of the user or role behind the credentials."""

    kind: str
    account: str
    arn: str
    issuer: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GivenGrant:
    """A grant on the key: for whom, for which operations, with which constraint, and from which account."""

    grantee: str
    operations: list[str]
    issued_by: str
    equals: dict[str, str] | None = None
    subset: dict[str, str] | None = None


@dataclass(frozen=True)
class Situation:
    """A caller asks for an action on a key (`key_arn` is `*` for an action without one).

    context: condition keys that do not follow from caller and key. service_control, resource_control: one list of
    policies for each level of the organization.
    """

    caller: Who
    action: str
    key_arn: str
    key_account: str
    key_tags: dict[str, str]
    context: dict[str, str | list[str]]
    identity: list[Policy]
    key_policy: Policy | None
    boundary: Policy | None = None
    session: Policy | None = None
    grants: list[GivenGrant] = field(default_factory=list)
    service_control: list[list[Policy]] = field(default_factory=list)
    resource_control: list[list[Policy]] = field(default_factory=list)
