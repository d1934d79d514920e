"""report.html: one file that loads nothing. A table of keys that filters, and each kind of case once.

Keys with the same policy (its account and key id replaced), verdict and answers are one case, so that a page of
thousands of keys holds each text once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from plerion_kms.audit.groups import grouped
from plerion_kms.audit.report import Finding, KeyReport, Outcome, Report, Verdict
from plerion_kms.audit.rules import RULES

TEMPLATES = Environment(
    loader=PackageLoader("plerion_kms.audit", "templates"),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
ACCOUNT, KEY_ID = "ACCOUNT", "KEY-ID"

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
class CaseView:
    """What all keys of one case share. number: of its section. sample: its first key."""

    number: int
    sample: KeyReport
    statements: tuple[Part, ...]
    findings: tuple[Finding, ...]


def render(report: Report) -> str:
    """The page."""
    findings: dict[str, list[Finding]] = {}
    for finding in report.findings:
        findings.setdefault(finding.subject, []).append(finding)
    cases: dict[Any, CaseView] = {}
    texts: dict[str, str] = {}
    rows = []
    for key in report.keys:
        text = texts.setdefault(f"{key.policy} {key.arn}", _template(report.policies.get(key.policy or "", ""), key))
        rules = tuple(finding.rule for finding in findings.get(key.arn, ()))
        identity = (text, key.verdict, _template(key.reason, key), rules, _outcomes(key))
        case = cases.get(identity)
        if case is None:
            found = tuple(findings.get(key.arn, ()))
            case = cases[identity] = CaseView(len(cases) + 1, key, _parts(text, key), found)
        rows.append((key, case.number, CLASSES[key.verdict]))
    return TEMPLATES.get_template("report.html.j2").render(
        report=report,
        rows=rows,
        cases=list(cases.values()),
        groups=grouped(report.findings),
        titles={rule.id: rule.title for rule in RULES},
        verdicts=[verdict for verdict in Verdict if any(account.counts.get(verdict) for account in report.accounts)],
        classes=CLASSES,
        counts=_counts(report),
        template=_template,
        regions=sorted({key.region for key in report.keys}),
    )


def _counts(report: Report) -> tuple[tuple[str, int, str], ...]:
    subjects = {finding.subject for finding in report.findings}
    unread = (Verdict.UNREADABLE, Verdict.UNDECIDED)
    return (
        ("open", sum(key.verdict is Verdict.OPEN for key in report.keys), "good"),
        ("need work", sum(key.arn in subjects for key in report.keys), "bad"),
        ("could not look", sum(key.verdict in unread for key in report.keys), "warn"),
    )


def _template(text: str, key: KeyReport) -> str:
    """The text with the key's own account and id replaced."""
    return text.replace(key.arn.rpartition("/")[2], KEY_ID).replace(key.account, ACCOUNT)


def _outcomes(key: KeyReport) -> tuple[tuple[str, str, Outcome, str], ...]:
    return tuple(
        (answers.role, action, given.outcome, given.source)
        for answers in key.roles
        for action, given in answers.actions
    )


def _parts(text: str, key: KeyReport) -> tuple[Part, ...]:
    try:
        document = json.loads(text)
        found = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    except (ValueError, KeyError, TypeError):
        return (Part(text, False),) if text else ()
    deciding = {given.statement for answers in key.roles for _, given in answers.actions if given.statement}
    parts = []
    for number, statement in enumerate(found, 1):
        name = statement.get("Sid") or f"statement {number}" if isinstance(statement, dict) else ""
        parts.append(Part(json.dumps(statement, indent=2), name in deciding))
    return tuple(parts)
