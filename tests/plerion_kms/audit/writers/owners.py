"""owners.md: for keys whose policy other code owns, the change to hand to its owners."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

from plerion_kms.audit.key_statements import merged
from plerion_kms.audit.report import Finding, KeyReport, Report
from plerion_kms.audit.writers.terraform import TEMPLATES


def write(report: Report, folder: Path) -> list[Path]:
    """`owners.md` in the folder of each account that has such keys. Returns the files."""
    findings = {finding.subject: finding for finding in report.findings if finding.fix.statements}
    by_account: dict[str, list[tuple[KeyReport, Finding, str]]] = {}
    for key in report.keys:
        if key.owner and key.policy and key.arn in findings:
            finding = findings[key.arn]
            by_account.setdefault(key.account, []).append((key, finding, _patch(key, finding, report)))
    files = []
    for account, keys in by_account.items():
        path = folder / account / "owners.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(TEMPLATES.get_template("owners.md.j2").render(account=account, keys=keys), encoding="utf-8")
        files.append(path)
    return files


def _patch(key: KeyReport, finding: Finding, report: Report) -> str:
    before = report.policies[key.policy or ""]
    after = merged(before, [json.loads(statement) for statement in finding.fix.statements])
    lines = difflib.unified_diff(
        json.dumps(json.loads(before), indent=2).splitlines(),
        json.dumps(json.loads(after), indent=2).splitlines(),
        "key policy now",
        "key policy with the Plerion statements",
        lineterm="",
    )
    return "\n".join(lines)
