"""AWS Organizations: the accounts, and the SCPs and RCPs that apply to each, level by level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plerion_kms.audit.calls import Calls
from plerion_kms.audit.snapshot import Digest, Problem

SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"

type Levels = tuple[Mapping[str, Digest], ...]
"""From the organization's root down to the account: policy name -> digest."""


@dataclass(frozen=True, slots=True)
class Controls:
    """The control policies by account; an account that is not in the map has unknown ones.

    organization: the organization's id, empty if there is none or it could not be read.
    """

    service: Mapping[str, Levels]
    resource: Mapping[str, Levels]
    organization: str
    problems: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)


def active_accounts(calls: Calls) -> list[tuple[str, str]] | None:
    """Id and name of the organization's accounts that are not suspended or closed; None if they can't be listed."""
    accounts = calls.all("organizations", "", "list_accounts", "Accounts")
    if accounts is None:
        return None
    # AWS puts State in the place of Status, which it stops sending (API reference "Account").
    return [
        (account["Id"], account.get("Name", ""))
        for account in accounts
        if account.get("State", account.get("Status")) == "ACTIVE"
    ]


def read_controls(calls: Calls, accounts: Sequence[str], keep: Callable[[str], Digest]) -> Controls:
    """The control policies of the accounts. calls: those of the management account or a delegated administrator."""
    described = calls.one("organizations", "", "describe_organization")
    if described is None:
        return Controls({}, {}, "", {calls.account: calls.problems("")})
    organization = described["Organization"]
    reader = _Reader(calls, keep)
    service: dict[str, Levels] = {}
    resource: dict[str, Levels] = {}
    for account in accounts:
        # Neither kind affects the management account (Organizations user guide "Service control policies", "Resource
        # control policies").
        if account == organization.get("MasterAccountId"):
            service[account] = resource[account] = ()
            continue
        path = reader.path(account)
        for kind, by_account in ((SERVICE_CONTROL, service), (RESOURCE_CONTROL, resource)):
            found = reader.levels(path, kind)
            if found is not None:
                by_account[account] = found
    return Controls(service, resource, organization["Id"], {calls.account: calls.problems("")})


class _Reader:
    """Reads each organizational unit and each policy once."""

    def __init__(self, calls: Calls, keep: Callable[[str], Digest]) -> None:
        self._calls = calls
        self._keep = keep
        self._parents: dict[str, str | None] = {}
        self._attached: dict[tuple[str, str], Mapping[str, Digest] | None] = {}
        self._digests: dict[str, Digest | None] = {}

    def path(self, target: str) -> tuple[str, ...] | None:
        """The ids from the root to `target`; None if a parent could not be read."""
        path = [target]
        while not path[0].startswith("r-"):
            if path[0] not in self._parents:
                parents = self._calls.all("organizations", "", "list_parents", "Parents", ChildId=path[0])
                self._parents[path[0]] = parents[0]["Id"] if parents else None
            parent = self._parents[path[0]]
            if parent is None:
                return None
            path.insert(0, parent)
        return tuple(path)

    def levels(self, path: Sequence[str] | None, kind: str) -> Levels | None:
        """The policies of a kind on each level; None if one could not be read."""
        if path is None:
            return None
        levels = [self._policies(target, kind) for target in path]
        known = [level for level in levels if level is not None]
        if len(known) < len(levels):
            return None
        # Without a single policy the organization has this kind switched off: it restricts nothing.
        return tuple(known) if any(known) else ()

    def _policies(self, target: str, kind: str) -> Mapping[str, Digest] | None:
        if (target, kind) not in self._attached:
            self._attached[target, kind] = self._read(target, kind)
        return self._attached[target, kind]

    def _read(self, target: str, kind: str) -> Mapping[str, Digest] | None:
        attached: list[Any] | None = self._calls.all(
            "organizations", "", "list_policies_for_target", "Policies", TargetId=target, Filter=kind
        )
        if attached is None:
            return None
        digests = {policy["Name"]: self._digest(policy["Id"]) for policy in attached}
        known = {name: digest for name, digest in digests.items() if digest is not None}
        return known if len(known) == len(digests) else None

    def _digest(self, policy: str) -> Digest | None:
        if policy not in self._digests:
            answer = self._calls.one("organizations", "", "describe_policy", policy, PolicyId=policy)
            self._digests[policy] = None if answer is None else self._keep(answer["Policy"]["Content"])
        return self._digests[policy]
