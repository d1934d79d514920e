"""keys.csv: one key a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from plerion_kms.audit.report import Report

COLUMNS = (
    "account",
    "region",
    "key_arn",
    "aliases",
    "verdict",
    "reason",
    "tag",
    "missing",
    "missing_metadata",
    "owner",
    "findings",
)
# Spreadsheets skip leading space, and some take the fullwidth forms for the plain ones.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render(report: Report) -> Iterator[str]:
    """The rows as text, with a header. Lists are separated by spaces."""
    rules: dict[str, list[str]] = {}
    for finding in report.findings:
        rules.setdefault(finding.subject, []).append(finding.rule)
    yield _line(COLUMNS)
    for key in report.keys:
        row = (
            key.account,
            key.region,
            key.arn,
            " ".join(key.aliases),
            key.verdict.value,
            key.reason,
            key.tag or "",
            " ".join(key.missing),
            " ".join(key.missing_metadata),
            key.owner,
            " ".join(dict.fromkeys(rules.get(key.arn, ()))),
        )
        yield _line(row)


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(map(_plain, cells))
    return text.getvalue()


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: tag values and aliases are other people's text."""
    return f"'{cell}" if cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA) else cell
