"""Roles, users, groups and managed policies, read from LocalStack's stores and compiled for the engine.

A store that names a policy which does not exist is broken: `StoreError`, and the call is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from localstack.services.iam.models import IamStore, iam_stores
from localstack.services.stores import AccountRegionBundle

from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.kinds import PolicyKind

IAM_REGION = "us-east-1"


class StoreError(Exception):
    """LocalStack's state contradicts itself, so that no decision can be made."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A role or user in its current state: ARN with path, unique id, tags, identity policies (with a user's groups')
    and permissions boundary."""

    arn: str
    unique_id: str
    tags: Mapping[str, str]
    policies: tuple[Policy, ...]
    boundary: Policy | None


_aws_managed: Mapping[str, Any] = {}


def use_aws_managed_policies(policies: Mapping[str, Any]) -> None:
    """Read AWS managed policies from `policies`: ARN to LocalStack's entity."""
    global _aws_managed
    _aws_managed = policies


NOTHING: IamStore = AccountRegionBundle("iam", IamStore, validate=False)["0" * 12][IAM_REGION]
"""The state of an account that has no resources."""


def store(account: str) -> IamStore:
    """The IAM state of an account; IAM has no Regions. Reading creates none: a caller may name any account."""
    return iam_stores[account][IAM_REGION] if account in iam_stores else NOTHING


def role(account: str, name: str) -> Identity | None:
    """The role of this name, None if absent."""
    entity = store(account).ROLES.get(name)
    if entity is None:
        return None
    return _identity(account, entity.role, entity.role["RoleId"], _policies(account, entity))


def user(account: str, name: str) -> Identity | None:
    """The user of this name with the policies of the user's groups, None if absent."""
    iam = store(account)
    entity = iam.USERS.get(name)
    if entity is None:
        return None
    policies = _policies(account, entity)
    for group in list(iam.GROUPS.values()):
        if name in group.member_user_names:
            policies += _policies(account, group)
    return _identity(account, entity.user, entity.user["UserId"], policies)


def user_name(account: str, unique_id: str, former: str) -> str | None:
    """The present name of the user with this unique id, who was called `former`; None if the user was deleted."""
    users = store(account).USERS
    if former in users and users[former].user["UserId"] == unique_id:
        return former
    return next((name for name, entity in list(users.items()) if entity.user["UserId"] == unique_id), None)


def managed_policy(account: str, arn: str, kind: PolicyKind) -> Policy:
    """The default version of a managed policy, AWS's own or a customer's. Raises StoreError if it does not exist."""
    aws_managed = ":iam::aws:policy/" in arn
    entity = _aws_managed.get(arn) if aws_managed else store(account).MANAGED_POLICIES.get(arn)
    if entity is None:
        raise StoreError(f"the managed policy {arn} does not exist")
    version = entity.versions.get(entity.policy["DefaultVersionId"])
    if version is None:
        raise StoreError(f"the managed policy {arn} has no default version")
    return parse_policy(document_text(version["Document"]), kind, arn.rpartition("/")[2])


def document_text(stored: str) -> str:
    """A policy document as JSON: LocalStack keeps some URL-quoted and some not."""
    return stored if stored.lstrip().startswith("{") else unquote(stored)


def _policies(account: str, entity: Any) -> tuple[Policy, ...]:
    inline: Iterable[tuple[str, str]] = list(entity.inline_policies.items())
    attached: Iterable[str] = list(entity.attached_policy_arns)
    return (
        *(parse_policy(document_text(text), PolicyKind.IDENTITY, name) for name, text in inline),
        *(managed_policy(account, arn, PolicyKind.IDENTITY) for arn in attached),
    )


def _identity(account: str, members: Mapping[str, Any], unique_id: str, policies: tuple[Policy, ...]) -> Identity:
    arn, boundary = members["Arn"], members.get("PermissionsBoundary")
    return Identity(
        arn,
        unique_id,
        store(account).TAGS.get_tags(arn),
        policies,
        managed_policy(account, boundary["PermissionsBoundaryArn"], PolicyKind.BOUNDARY) if boundary else None,
    )
