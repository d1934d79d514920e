"""What would change: a snapshot as it would be read after a change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.key_statements import additions, merged
from plerion_kms.audit.report import KeyReport, Report, Verdict
from plerion_kms.audit.role_findings import MODE_OF_OPERATOR, RESOURCE_TAG
from plerion_kms.audit.roles import APPLIANCE_NAME, APPLIANCE_TAG, find_roles
from plerion_kms.audit.snapshot import SavedAccount, SavedKey, Snapshot
from plerion_kms.guide import mode_statement

CLOSED = {
    "ALL_KEYS": {"StringEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Denied"}},
    "SELECTED_KEYS": {
        "StringNotEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Granted"},
        "ForAllValues:StringNotLike": {"kms:ResourceAliases": "alias/aws/*"},
    },
}
"""Conditions of the Deny that modules/plerion-kms renders with `tag_is_binding`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to try.

    mode: for the appliance role. tags: key ARN, id or alias -> value of PlerionAccess, empty to remove the tag.
    add_statements: the Plerion statements in every key policy, EBS volumes included.
    hardened: what `hardened = true` of the modules does to the appliance role's policy.
    """

    mode: str = ""
    tags: Mapping[str, str] | None = None
    add_statements: bool = False
    hardened: bool = False

    def __bool__(self) -> bool:
        return bool(self.mode or self.tags or self.add_statements or self.hardened)


@dataclass(frozen=True, slots=True)
class Changed:
    """A key whose verdict the change moves."""

    key: KeyReport
    before: Verdict
    after: Verdict


def changes(before: Report, after: Report) -> list[Changed]:
    """The keys whose verdict differs, in the reports' order."""
    return [
        Changed(key, old.verdict, key.verdict)
        for old, key in zip(before.keys, after.keys, strict=True)
        if old.verdict is not key.verdict
    ]


def apply(change: Change, snapshot: Snapshot, home_of: Callable[[SavedAccount], str]) -> Snapshot:
    """The snapshot after the change. home_of: the integration's account for an account.

    Raises AuditError for a tag of a key that was not read.
    """
    policies = dict(snapshot.policies)

    def keep(text: str) -> str:
        digest = hashlib.sha256(text.encode()).hexdigest()
        policies[digest] = text
        return digest

    unused = set(change.tags or {})
    accounts = []
    for account in snapshot.accounts:
        regions = []
        for region in account.regions:
            keys = []
            for key in region.keys:
                changed = key
                names = {key.arn, key.arn.rpartition("/")[2], *(key.aliases or ())}
                for name in names & set(change.tags or {}):
                    unused.discard(name)
                    changed = _tagged(changed, (change.tags or {})[name])
                if change.add_statements and key.policy is not None and key.manager == "CUSTOMER":
                    statements = additions(home_of(account), account.account)
                    changed = replace(changed, policy=keep(merged(policies[key.policy], statements)))
                keys.append(changed)
            regions.append(replace(region, keys=tuple(keys)))
        account = replace(account, regions=tuple(regions))
        if change.mode or change.hardened:
            account = _with_mode(account, change, policies, keep)
        accounts.append(account)
    if unused:
        raise AuditError(
            f"--tag names {', '.join(sorted(unused))}, which is no key that was read: give its ARN, id or alias."
        )
    return replace(snapshot, accounts=tuple(accounts), policies=policies)


def _tagged(key: SavedKey, value: str) -> SavedKey:
    others = {name: text for name, text in (key.tags or {}).items() if name.lower() != "plerionaccess"}
    return replace(key, tags={**others, "PlerionAccess": value} if value else others)


def _with_mode(
    account: SavedAccount, change: Change, policies: Mapping[str, str], keep: Callable[[str], str]
) -> SavedAccount:
    """The account with the appliance role's mode statement replaced, in whichever of its policies that is."""
    roles = {role.arn for role in find_roles(account, APPLIANCE_TAG, APPLIANCE_NAME)}
    changed = []
    managed = dict(account.managed)
    for role in account.roles or ():
        if role.arn in roles:
            inline = {
                name: keep(_rewritten(policies[digest], change, account.partition))
                for name, digest in role.inline.items()
            }
            role = replace(role, inline=inline)
            for arn in role.attached:
                if arn in managed:
                    managed[arn] = keep(_rewritten(policies[managed[arn]], change, account.partition))
        changed.append(role)
    return replace(account, roles=tuple(changed) if account.roles is not None else None, managed=managed)


def _rewritten(policy: str, change: Change, partition: str) -> str:
    document = json.loads(policy)
    given = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    result: list[Mapping[str, Any]] = []
    for statement in given:
        mode = _mode(statement)
        if mode is None:
            result.append(statement)
        elif statement.get("Effect") == "Allow":
            result += mode_statements(change.mode or mode, statement, hardened=change.hardened, partition=partition)
    return json.dumps({**document, "Statement": result})


def mode_statements(
    mode: str, statement: Mapping[str, Any], *, hardened: bool, partition: str
) -> Sequence[Mapping[str, Any]]:
    """The mode's statement with the resources of `statement`; hardened: with its Deny and its grants for AWS alone."""
    allow = {**mode_statement(mode), "Resource": statement.get("Resource", "*")}
    if not hardened:
        return [allow]
    actions = allow["Action"]
    grants = {
        **allow,
        "Sid": "PlerionKmsCmkAccessGrants",
        "Action": ["kms:CreateGrant"],
        "Condition": {**allow["Condition"], "Bool": {"kms:GrantIsForAWSResource": "true"}},
    }
    deny = {
        "Sid": "PlerionKmsCmkAccessTagIsBinding",
        "Effect": "Deny",
        "Action": actions,
        "Resource": [f"arn:{partition}:kms:*:*:key/*"],
        "Condition": CLOSED[mode],
    }
    return [{**allow, "Action": [action for action in actions if action != "kms:CreateGrant"]}, grants, deny]


def _mode(statement: Mapping[str, Any]) -> str | None:
    condition = statement.get("Condition")
    if not isinstance(condition, dict):
        return None
    for operator, operands in condition.items():
        mode = MODE_OF_OPERATOR.get(operator.lower())
        if mode and isinstance(operands, dict) and RESOURCE_TAG in {key.lower() for key in operands}:
            return mode
    return None
