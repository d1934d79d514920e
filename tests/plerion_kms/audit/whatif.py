"""What would change: a snapshot as it would be read after a change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.key_statements import additions, merged, statements_of, with_statements
from plerion_kms.audit.mode_statements import grants_alone, hardened, in_mode, mode_of
from plerion_kms.audit.report import KeyReport, Report, Verdict
from plerion_kms.audit.roles import APPLIANCE_TAG, find_roles
from plerion_kms.audit.snapshot import SavedAccount, SavedKey, Snapshot


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


def apply(change: Change, snapshot: Snapshot, home_of: Callable[[SavedAccount], str], appliance_role: str) -> Snapshot:
    """The snapshot after the change.

    home_of: the integration's account for an account. appliance_role: its name, where the tag doesn't find the role.
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
                    text = policies[key.policy]
                    # A text that can't be read stays as it is, and stays undecided.
                    changed = (
                        changed
                        if statements_of(text) is None
                        else replace(changed, policy=keep(merged(text, statements)))
                    )
                keys.append(changed)
            regions.append(replace(region, keys=tuple(keys)))
        account = replace(account, regions=tuple(regions))
        if change.mode or change.hardened:
            account = _with_mode(account, change, policies, keep, appliance_role)
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
    account: SavedAccount,
    change: Change,
    policies: Mapping[str, str],
    keep: Callable[[str], str],
    appliance_role: str,
) -> SavedAccount:
    """The account with the appliance role's mode statement replaced, in whichever of its policies that is."""
    roles = {role.arn for role in find_roles(account, APPLIANCE_TAG, appliance_role)}
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
    statements = statements_of(policy)
    if statements is None:
        return policy
    result: list[Mapping[str, Any]] = []
    done: set[str] = set()
    for statement in statements:
        mode = mode_of(statement)
        wanted = change.mode or mode
        if mode is None or wanted is None:
            result.append(statement)
        elif not change.hardened:
            result.append(in_mode(wanted, statement))
        elif statement.get("Effect") == "Allow" and not grants_alone(statement) and wanted not in done:
            done.add(wanted)
            result += hardened(wanted, statement, partition)
    return with_statements(policy, result)
