"""keys.csv: one key a row."""

from __future__ import annotations

import csv
import io

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
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(report: Report) -> str:
    """The table, with a header. Lists are separated by spaces."""
    rules: dict[str, list[str]] = {}
    for finding in report.findings:
        rules.setdefault(finding.subject, []).append(finding.rule)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
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
        table.writerow([_plain(cell) for cell in row])
    return text.getvalue()


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: tag values and aliases are other people's text."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
