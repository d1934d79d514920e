"""commands.sh: the fixes that are AWS CLI commands, an account a file."""

from __future__ import annotations

from pathlib import Path

from plerion_kms.audit.groups import grouped
from plerion_kms.audit.iam_commands import ASKED, variable
from plerion_kms.audit.report import Report

HEADER = """#!/bin/sh
# What the audit found in account {account} and the AWS CLI corrects.
# Read it, then run it with credentials of that account.
set -eu
"""


def write(report: Report, folder: Path) -> list[Path]:
    """`commands.sh` in the folder of each account that has such fixes. Returns the files."""
    by_account: dict[str, list[str]] = {}
    for group in grouped(report.findings):
        titled: set[str] = set()
        for finding in group.findings:
            if not finding.fix.command:
                continue
            account = _account(finding.subject)
            lines = by_account.setdefault(account, [])
            if account not in titled:
                titled.add(account)
                lines += ["", f"# {group.fix.summary}"]
            lines += (line for line in finding.fix.command.splitlines() if line not in lines)
    files = []
    for account, lines in by_account.items():
        path = folder / account / "commands.sh"
        path.parent.mkdir(exist_ok=True)
        text = "\n".join(lines) + "\n"
        # Asked for at once, so that nothing is left half done.
        asked = "".join(f': "{variable(name)}"\n' for name in ASKED if f"${{{name}:" in text)
        path.write_text(HEADER.format(account=account) + asked + text, encoding="utf-8")
        files.append(path)
    return files


def _account(subject: str) -> str:
    return subject.split(":")[4] if subject.startswith("arn:") else subject
