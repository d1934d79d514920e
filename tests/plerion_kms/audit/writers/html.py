"""report.html: one file that loads nothing. A table of keys that filters, and each kind of case once.

Keys with the same policy (its account and key id replaced), verdict and answers are one case, so that a page of
thousands of keys holds each text once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from plerion_kms.audit.groups import grouped
from plerion_kms.audit.report import Answer, Finding, KeyReport, Report, RoleAnswers, Verdict
from plerion_kms.audit.rules import RULES
from plerion_kms.authorization.decision import Outcome, Source
from plerion_kms.authorization.grammar import as_list

TEMPLATES = Environment(
    loader=PackageLoader("plerion_kms.audit", "templates"),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
# No key policy holds these brackets: KMS takes no character beyond U+00FF.
ACCOUNT, KEY_ID, KEY_ARN = "\u27e8account\u27e9", "\u27e8key id\u27e9", "\u27e8key ARN\u27e9"
SHOWN_COMMANDS = 20
SHOWN_SUBJECTS = 100

# Between tags, quotation marks need no escape, and policies are full of them.
TEMPLATES.filters["content"] = lambda text: Markup(escape(text, quote=False))  # noqa: S704

CLASSES: Mapping[Verdict, str] = {
    Verdict.OPEN: "good",
    Verdict.OPEN_ONCE_TAGGED: "quiet",
    Verdict.PARTLY: "warn",
    Verdict.CLOSED_BY_TAG: "quiet",
    Verdict.NOT_DELEGATING: "bad",
    Verdict.REFUSED: "bad",
    Verdict.OTHER_ACCOUNT: "warn",
    Verdict.AWS_MANAGED: "quiet",
    Verdict.UNUSABLE: "quiet",
    Verdict.UNREADABLE: "warn",
    Verdict.UNDECIDED: "warn",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A statement of a key policy as the page shows it. decides: whether an answer rests on it."""

    text: str
    decides: bool


@dataclass(frozen=True, slots=True)
class CaseFinding:
    """A finding of a case. group: number of its group under "What to do"."""

    finding: Finding
    group: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """What all keys of one case share. number: of its section. sample: its first key."""

    number: int
    sample: KeyReport
    statements: tuple[Part, ...]
    findings: tuple[CaseFinding, ...]


def render(report: Report) -> Iterator[str]:
    """The page in pieces."""
    groups = grouped(report.findings)
    findings: dict[str, list[CaseFinding]] = {}
    for number, group in enumerate(groups, 1):
        for finding in group.findings:
            findings.setdefault(finding.subject, []).append(CaseFinding(finding, number))
    cases: dict[Any, CaseView] = {}
    outcomes: dict[int, _Outcomes] = {}
    rows = []
    for key in report.keys:
        text = _template(report.policies.get(key.policy or "", ""), key)
        found = tuple(findings.get(key.arn, ()))
        identity = (
            text,
            key.verdict,
            key.tag,
            key.owner,
            _template(key.reason, key),
            tuple((case.finding.rule, _template(case.finding.sentence, key), case.group) for case in found),
            tuple(outcomes.setdefault(id(answers), _outcomes(answers)) for answers in key.roles),
        )
        case = cases.get(identity)
        if case is None:
            case = cases[identity] = CaseView(len(cases) + 1, key, _parts(text, key), found)
        rows.append((key, case.number, CLASSES[key.verdict]))
    yield from TEMPLATES.get_template("report.html.j2").generate(
        report=report,
        rows=rows,
        cases=list(cases.values()),
        groups=groups,
        titles={rule.id: rule.title for rule in RULES},
        verdicts=[verdict for verdict in Verdict if any(account.counts.get(verdict) for account in report.accounts)],
        classes=CLASSES,
        counts=_counts(report),
        template=_template,
        together=_together,
        regions=sorted({key.region for key in report.keys}),
        shown_commands=SHOWN_COMMANDS,
        shown_subjects=SHOWN_SUBJECTS,
        account_token=ACCOUNT,
        key_token=KEY_ID,
        arn_token=KEY_ARN,
        partition=report.keys[0].arn.split(":")[1] if report.keys else "aws",
    )


def _counts(report: Report) -> tuple[tuple[str, int, str], ...]:
    return (
        ("open", report.opened, "good"),
        ("need work", report.needing_work, "bad"),
        ("could not look", report.not_looked_at, "warn"),
    )


def _template(text: str, key: KeyReport) -> str:
    """The text with the key's own ARN, id and account replaced."""
    return text.replace(key.arn, KEY_ARN).replace(key.arn.rpartition("/")[2], KEY_ID).replace(key.account, ACCOUNT)


type _Outcomes = tuple[tuple[str, Outcome, str], ...]


def _outcomes(answers: RoleAnswers) -> _Outcomes:
    return tuple((action, given.outcome, given.source) for action, given in answers.actions)


def _together(answers: RoleAnswers) -> list[tuple[str, Answer]]:
    """The calls that got the same answer, in one row with it."""
    rows: dict[Answer, list[str]] = {}
    for action, given in answers.actions:
        rows.setdefault(given, []).append(action.removeprefix("kms:"))
    return [(", ".join(actions), given) for given, actions in rows.items()]


def _parts(text: str, key: KeyReport) -> tuple[Part, ...]:
    try:
        document = json.loads(text)
        found = as_list(document["Statement"])
    except (ValueError, KeyError, TypeError):
        return (Part(text, False),) if text else ()
    deciding = {
        given.statement
        for answers in key.roles
        for _, given in answers.actions
        if given.statement and given.source in (Source.KEY_POLICY.value, Source.KEY_POLICY_DELEGATION.value)
    }
    parts = []
    for number, statement in enumerate(found, 1):
        name = statement.get("Sid") or f"statement {number}" if isinstance(statement, dict) else ""
        parts.append(Part(json.dumps(statement, indent=2, ensure_ascii=False), name in deciding))
    return tuple(parts)
