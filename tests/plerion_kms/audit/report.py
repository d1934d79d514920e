"""What the audit says: verdicts, findings and fixes as plain data. `report.json` is this, with a JSON Schema.

The terminal, the HTML page, SARIF, CSV and the Terraform folder are written from here; none of them judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from plerion_kms.authorization.decision import Outcome

FORMAT = 2
"""Version of report.json."""


class Verdict(StrEnum):
    """The one answer for a key."""

    OPEN = "open"
    OPEN_ONCE_TAGGED = "open once tagged"
    PARTLY = "partly"
    CLOSED_BY_TAG = "closed by tag"
    NOT_DELEGATING = "not delegating"
    REFUSED = "refused by another policy"
    OTHER_ACCOUNT = "another account's"
    AWS_MANAGED = "AWS managed"
    UNUSABLE = "unusable"
    UNREADABLE = "unreadable"
    UNDECIDED = "undecided"


COULD_NOT_LOOK = (Verdict.UNREADABLE, Verdict.UNDECIDED)


class Severity(StrEnum):
    """How much a finding matters, lowest first in `ORDER`."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A statement that would have decided but for one condition. actual: None if the key is absent."""

    source: str
    policy: str
    statement: str
    effect: str
    operator: str
    key: str
    expected: tuple[str, ...]
    actual: str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision about one action. source, reason: the deciding policy, in the engine's words. statement: Sid (or
    `statement N`) of the statement that decided, empty if none did. unsupported: what kept it undecided."""

    outcome: Outcome
    source: str
    reason: str
    statement: str = ""
    near_misses: tuple[NearMiss, ...] = ()
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleAnswers:
    """role: `appliance` or `access`; arn: the role. actions: permission (`kms:Decrypt`) and answer.

    Equal ones are one object: thousands of keys share a few.
    """

    role: str
    arn: str
    actions: tuple[tuple[str, Answer], ...]


@dataclass(frozen=True, slots=True)
class KeyReport:
    """One key. reason: one sentence. missing: permissions of the appliance's mode statement that are refused.
    missing_metadata: the access role's. tag: value of PlerionAccess, None if untagged. owner: marker of other code that
    owns the key (`CloudFormation stack X`, `Terraform`), empty if there is none. policy: digest, None if unreadable."""

    arn: str
    verdict: Verdict
    reason: str
    aliases: tuple[str, ...] = ()
    tag: str | None = None
    policy: str | None = None
    owner: str = ""
    missing: tuple[str, ...] = ()
    missing_metadata: tuple[str, ...] = ()
    roles: tuple[RoleAnswers, ...] = ()

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]


@dataclass(frozen=True, slots=True)
class Fix:
    """What makes a finding go away. Findings with equal fixes are one group.

    summary: imperative sentence ("Add the two Plerion statements to the key policy").
    by: what changes: `key policy`, `tag`, `role`, `grant`, `organization` or `owner`.
    statements: key-policy statements to add or replace, each as JSON text.
    command: one shell command, empty if there is none.
    terraform: HCL, empty if there is none.
    """

    summary: str
    by: str
    statements: tuple[str, ...] = ()
    command: str = ""
    terraform: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """rule: id (`PLERION_KMS_01`). subject: ARN of the key, role or account it is about. sentence: what is wrong, with
    names. docs: URL or repository path of the explanation."""

    rule: str
    severity: Severity
    subject: str
    sentence: str
    fix: Fix
    docs: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be looked at, in one sentence with the way out."""

    account: str
    region: str
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AccountReport:
    """appliance, access: ARNs of the roles that serve this account's keys, empty if none was found."""

    account: str
    name: str
    appliance: str
    access: str
    counts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class Report:
    """mode: the mode that was judged, per integration account if they differ. read_at: of the snapshot.
    not_considered: what could not be taken into account (SCPs, RCPs ...), one sentence each."""

    read_at: str
    mode: str
    accounts: tuple[AccountReport, ...]
    keys: tuple[KeyReport, ...]
    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    not_considered: tuple[str, ...] = ()
    policies: Mapping[str, str] = field(default_factory=dict)
    existing_roles: tuple[str, ...] = ()
    format: int = FORMAT

    @property
    def opened(self) -> int:
        """How many keys are open."""
        return sum(key.verdict is Verdict.OPEN for key in self.keys)

    @property
    def needing_work(self) -> int:
        """How many keys have findings; an open one may have some too."""
        subjects = {finding.subject for finding in self.findings}
        return sum(key.arn in subjects for key in self.keys)

    @property
    def not_looked_at(self) -> int:
        """How many keys could not be read or decided."""
        return sum(key.verdict in COULD_NOT_LOOK for key in self.keys)
