"""The report of a run: what AWS answered otherwise than expected or decided. JSON for programs, Markdown for an issue.

Account ids are replaced, and with them what names a person or encodes an account: sessions of the caller, unique ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

FORMAT = 1
PUBLIC_ACCOUNTS = ("588158338731",)
"""Plerion's, which its guide prints."""

PLACEHOLDERS = ("111122223333", "444455556666", "777788889999")
"""The accounts of AWS's documentation: for the integration's, the other one, and any third."""

ACCOUNT_ID = re.compile(r"(?<![\w-])\d{12}(?![\w-])")
UNIQUE_ID = re.compile(r"\b(AROA|AIDA|ASIA|AKIA)[A-Z0-9]{12,}\b")
MARKDOWN_ROWS = 200


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Difference(_Part):
    """A call that AWS answered otherwise than the access file or the engine. Outcomes: allowed, refused, no answer."""

    mode: str
    principal: str
    key: str
    call: str
    expected: str
    aws: str
    aws_answer: str
    engine: str
    engine_answer: str


class Text(_Part):
    """A refusal that AWS words otherwise than the engine; one for each pair of wordings. count: how many calls."""

    call: str
    aws: str
    engine: str
    count: int


class ExampleResult(_Part):
    """One example. calls: made, in all its modes; agreed: as expected and as decided. failed: why it stopped early."""

    example: str
    calls: int = 0
    agreed: int = 0
    differences: tuple[Difference, ...] = ()
    texts: tuple[Text, ...] = ()
    failed: str = ""


class Measured(_Part):
    """One call of an experiment: what it shows, AWS's answer and the engine's."""

    call: str
    aws: str
    aws_answer: str
    engine: str


class ExperimentResult(_Part):
    """One experiment. unknown: the constant or the row in the engine's README. finding: `as the engine`, `otherwise`,
    `answered` where the engine decides nothing, `inconclusive`, or `not run`. meaning: for the engine."""

    experiment: str
    unknown: str
    question: str
    finding: str
    meaning: str
    calls: tuple[Measured, ...] = ()


class Report(_Part):
    """All of a run. left: sentences about what could not be removed. not_tried: examples and why. unanswerable:
    unknowns and why."""

    format: int = FORMAT
    version: str
    run: str
    region: str
    accounts: int
    program: str
    provider: str
    seconds: int = 0
    stopped: str = ""
    examples: tuple[ExampleResult, ...] = ()
    not_tried: Mapping[str, str] = Field(default_factory=dict)
    experiments: tuple[ExperimentResult, ...] = ()
    unanswerable: Mapping[str, str] = Field(default_factory=dict)
    left: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether AWS answered everything as expected and decided, all was tried, and nothing is left."""
        return (
            not self.stopped
            and not self.left
            and not any(each.failed or each.differences for each in self.examples)
            and not any(each.finding in ("otherwise", "inconclusive") for each in self.experiments)
        )


def without_identities(text: str, accounts: Mapping[str, str], callers: Mapping[str, str]) -> str:
    """The text with other account ids, caller ARNs and unique ids. accounts: id -> placeholder; callers: ARN ->
    placeholder."""
    for arn, placeholder in callers.items():
        text = text.replace(arn, placeholder)
    text = ACCOUNT_ID.sub(
        lambda match: match[0] if match[0] in PUBLIC_ACCOUNTS else accounts.get(match[0], PLACEHOLDERS[-1]), text
    )
    return UNIQUE_ID.sub(lambda match: f"{match[1]}...", text)


def write(report: Report, folder: Path, replace: Mapping[str, str] | None, callers: tuple[str, ...]) -> list[Path]:
    """Write report.json and report.md. replace: account id -> placeholder, None keeps ids. Returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (("report.json", report.model_dump_json(indent=2) + "\n"), ("report.md", markdown(report))):
        if replace is not None:
            text = without_identities(text, replace, dict.fromkeys(callers, "(the caller)"))
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def markdown(report: Report) -> str:
    """The report as an issue holds it."""
    lines = [
        f"# verify-aws: {'AWS agrees' if report.agrees else 'AWS differs, or not all was tried'}",
        "",
        _about(report),
    ]
    if report.stopped:
        lines += ["", f"The run stopped early: {_cell(report.stopped)}"]
    lines += ["", "## Examples", "", "| example | calls | as expected and decided | |", "|---|---|---|---|"]
    lines += [f"| {each.example} | {each.calls} | {each.agreed} | {_cell(each.failed)} |" for each in report.examples]
    lines += [f"| {name} | not tried | | {_cell(why)} |" for name, why in report.not_tried.items()]
    differences = [(each.example, difference) for each in report.examples for difference in each.differences]
    if differences:
        lines += [
            "",
            "## Differences",
            "",
            "| example, mode | call | expected | AWS | engine |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {name}, {each.mode} | {each.principal} on {each.key}: {each.call} | {each.expected} | "
            f"{_cell(each.aws_answer)} | {_cell(each.engine_answer)} |"
            for name, each in differences[:MARKDOWN_ROWS]
        ]
        if len(differences) > MARKDOWN_ROWS:
            lines += ["", f"{len(differences) - MARKDOWN_ROWS} more are in report.json."]
    texts = {text for each in report.examples for text in each.texts}
    if texts:
        lines += ["", "## Refusals worded otherwise", "", "| call | AWS | engine |", "|---|---|---|"]
        lines += [
            f"| {each.call} | {_cell(each.aws)} | {_cell(each.engine)} |"
            for each in sorted(texts, key=lambda text: (text.call, text.aws))
        ]
    lines += ["", "## Unknowns", "", "| unknown | question | finding | meaning |", "|---|---|---|---|"]
    lines += [
        f"| {each.unknown} | {_cell(each.question)} | {each.finding} | {_cell(each.meaning)} |"
        for each in report.experiments
    ]
    lines += [f"| {_cell(name)} | | not tried | {_cell(why)} |" for name, why in report.unanswerable.items()]
    for each in report.experiments:
        if each.finding not in ("as the engine", "not run"):
            lines += ["", f"### {each.experiment}", "", "| call | AWS | engine |", "|---|---|---|"]
            lines += [f"| {_cell(m.call)} | {_cell(m.aws_answer)} | {m.engine} |" for m in each.calls]
    lines += ["", "## Left behind", "", *([f"- {_cell(each)}" for each in report.left] or ["Nothing."]), ""]
    return "\n".join(lines)


def _about(report: Report) -> str:
    accounts = f"{report.accounts} account" + ("s" if report.accounts > 1 else "")
    versions = f"plerion_kms {report.version}, {report.program}, AWS provider {report.provider}"
    return f"{versions}, {report.region}, {accounts}, {report.seconds} seconds, run {report.run}."


def _cell(text: str) -> str:
    """A text as a cell of a table holds it."""
    return " ".join(text.split()).replace("|", "\\|")
