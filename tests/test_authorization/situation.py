"""One question with everything that it depends on, as plain data: what the generators make, and what the naive
evaluator and the engine are both asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
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
    endpoint: Policy | None = None


type Change = Callable[[Policy, str], Policy]
"""Makes another policy from a policy and its kind, whose names are those of `PolicyKind`."""


def change_policies(s: Situation, change: Change) -> Situation:
    """The situation with every policy changed."""

    def one(policy: Policy | None, kind: str) -> Policy | None:
        return None if policy is None else change(policy, kind)

    def levels(given: list[list[Policy]], kind: str) -> list[list[Policy]]:
        return [[change(policy, kind) for policy in level] for level in given]

    return replace(
        s,
        identity=[change(policy, "identity") for policy in s.identity],
        boundary=one(s.boundary, "boundary"),
        session=one(s.session, "session"),
        key_policy=one(s.key_policy, "key"),
        service_control=levels(s.service_control, "service control"),
        resource_control=levels(s.resource_control, "resource control"),
        endpoint=one(s.endpoint, "VPC endpoint"),
    )


def change_statements(s: Situation, change: Callable[[Statement], list[Statement]]) -> Situation:
    """The situation with every statement replaced by what `change` makes of it."""
    return change_policies(
        s,
        lambda policy, _: {
            **policy,
            "Statement": [new for statement in policy["Statement"] for new in change(statement)],
        },
    )


def count_policies(s: Situation) -> int:
    """How many policies there are."""
    in_levels = sum(len(level) for level in (*s.service_control, *s.resource_control))
    return (
        len(s.identity)
        + in_levels
        + sum(each is not None for each in (s.boundary, s.session, s.key_policy, s.endpoint))
    )


def change_policy(s: Situation, number: int, change: Change) -> Situation:
    """The situation with one of its policies changed, by its number in the order of `change_policies`."""
    numbers = count()
    return change_policies(s, lambda policy, kind: change(policy, kind) if next(numbers) == number else policy)
