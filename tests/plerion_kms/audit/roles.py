"""The two roles as callers of the decision: found in an account, or stood in for by what the modules would create."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plerion_kms.audit.mode_statements import hardened
from plerion_kms.audit.snapshot import SavedAccount, SavedRole, Snapshot
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.request import ContextValue, Principal, PrincipalType
from plerion_kms.guide import mode_statement

APPLIANCE_TAG = ("PlerionApplianceRole", "True")
ACCESS_TAG = ("RolePurpose", "PlerionAccess")
APPLIANCE_NAME = "PlerionApplianceRole"
ACCESS_NAME = "PlerionAccessRole"

METADATA_STATEMENTS = (
    {
        "Sid": "PlerionKmsMetadata",
        "Effect": "Allow",
        "Action": ["kms:Describe*", "kms:List*", "kms:Get*"],
        "Resource": "arn:aws:kms:*:*:key/*",
    },
    {"Sid": "PlerionKmsListKeys", "Effect": "Allow", "Action": ["kms:ListKeys", "kms:ListAliases"], "Resource": "*"},
)
"""What modules/plerion-kms gives the access role, which has the account's partition where this has `aws`."""


@dataclass(frozen=True, slots=True)
class Role:
    """One of Plerion's two roles.

    caller: what the decision needs. saved: None if the role does not exist and the modules' own stands in for it.
    """

    caller: Caller
    saved: SavedRole | None

    @property
    def arn(self) -> str:
        return self.caller.principal.issuer_arn


@dataclass(frozen=True, slots=True)
class Integration:
    """The account of an integration, with its two roles and its mode.

    has_mode: whether the appliance role has a mode statement; without one, `mode` is what a person said.
    """

    account: str
    appliance: Role
    access: Role
    mode: str
    has_mode: bool = True

    @property
    def pinned(self) -> tuple[str, str] | None:
        """ARNs of the two roles that key policies can be restricted to; None unless both roles exist."""
        if self.appliance.saved is None or self.access.saved is None:
            return None
        return self.appliance.arn, self.access.arn


def find_roles(account: SavedAccount, tag: tuple[str, str], name: str) -> list[SavedRole]:
    """The account's roles that carry the tag; else those of the name, whose tag is then missing."""
    tagged = [role for role in account.roles or () if has_tag(role, *tag)]
    return tagged or [role for role in account.roles or () if has_name(role, name)]


def has_tag(role: SavedRole, key: str, value: str) -> bool:
    """Whether the role carries the tag; principal tags are compared with their values' case and without their keys'."""
    return any(found.lower() == key.lower() and text == value for found, text in role.tags.items())


def has_name(role: SavedRole, name: str) -> bool:
    """Whether the role is called so; `name_prefix` of the modules puts a dash and a number behind the name."""
    found = role.arn.rpartition("/")[2]
    return found == name or found.startswith(f"{name}-")


def caller_of(role: SavedRole, account: SavedAccount, snapshot: Snapshot) -> Caller:
    """A session of the role, made without session policies or session tags."""
    name = role.arn.rpartition("/")[2]
    policies = {**role.inline, **{arn: account.managed.get(arn, "") for arn in role.attached}}
    return _caller(
        role.arn,
        role.unique_id,
        role.tags,
        tuple(_policy(snapshot, digest, PolicyKind.IDENTITY, policy) for policy, digest in policies.items()),
        boundary=None
        if role.boundary is None
        else _policy(snapshot, account.managed.get(role.boundary, ""), PolicyKind.BOUNDARY, role.boundary),
        service_control=control_policies(account.service_control, PolicyKind.SERVICE_CONTROL, snapshot),
        name=name,
        organization=account.organization,
    )


def control_policies(
    levels: tuple[Mapping[str, str], ...] | None, kind: PolicyKind, snapshot: Snapshot
) -> tuple[tuple[Policy, ...], ...]:
    """SCPs or RCPs for the decision; none where they could not be read, which the report says."""
    return tuple(
        tuple(_policy(snapshot, digest, kind, name) for name, digest in level.items()) for level in levels or ()
    )


def stand_in(account: SavedAccount, name: str, tag: tuple[str, str], policy: str, snapshot: Snapshot) -> Role:
    """The role as the modules would create it."""
    arn = f"arn:{account.partition}:iam::{account.account}:role/{name}"
    caller = _caller(
        arn,
        "AROAEXAMPLE",
        dict([tag]),
        (parse_policy(policy, PolicyKind.IDENTITY, "PlerionKmsCmkAccess"),),
        boundary=None,
        service_control=control_policies(account.service_control, PolicyKind.SERVICE_CONTROL, snapshot),
        name=name,
        organization=account.organization,
    )
    return Role(caller, None)


def mode_policy(mode: str, partition: str, *, harden: bool = False) -> str:
    """The policy with the guide's mode statement, as modules/plerion-kms renders it. harden: with `hardened`."""
    statement = mode_statement(mode)
    return _identity_policy(hardened(mode, statement, partition) if harden else [statement], partition)


def metadata_policy(partition: str) -> str:
    """The access role's policy, as modules/plerion-kms renders it."""
    return _identity_policy(METADATA_STATEMENTS, partition)


def _identity_policy(statements: Sequence[Mapping[str, Any]], partition: str) -> str:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return text.replace('"arn:aws:', f'"arn:{partition}:')


def _caller(
    arn: str,
    unique_id: str,
    tags: Mapping[str, str],
    identity: tuple[Policy, ...],
    *,
    boundary: Policy | None,
    service_control: tuple[tuple[Policy, ...], ...],
    name: str,
    organization: str,
) -> Caller:
    partition, account = arn.split(":")[1], arn.split(":")[4]
    principal = Principal(
        PrincipalType.ROLE_SESSION,
        f"arn:{partition}:sts::{account}:assumed-role/{name}/plerion",
        account,
        issuer_arn=arn,
        user_id=f"{unique_id}:plerion",
        tags=tags,
    )
    # AWS takes KMS calls over TLS alone.
    context: dict[str, ContextValue] = {"aws:SecureTransport": "true"}
    if organization:
        # All accounts of a run are read from one organization.
        context |= {"aws:PrincipalOrgID": organization, "aws:ResourceOrgID": organization}
    return Caller(principal, identity=identity, boundary=boundary, service_control=service_control, context=context)


def _policy(snapshot: Snapshot, digest: str, kind: PolicyKind, name: str) -> Policy:
    # A policy that could not be read has no text: compiled as one that the decision cannot read.
    return parse_policy(snapshot.policies.get(digest, ""), kind, name)
