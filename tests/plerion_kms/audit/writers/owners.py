"""owners.md: the keys that the Terraform leaves out, each with its change and the reason."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path

from plerion_kms.audit.key_statements import merged, without_ours
from plerion_kms.audit.report import Finding, KeyReport, Report
from plerion_kms.audit.writers.terraform import TEMPLATES, policy_changes
from plerion_kms.audit.writers.unmergeable import unmergeable


@dataclass(frozen=True, slots=True)
class Change:
    """A key's change. first: what has to change before, empty if nothing has to. patch: a unified diff."""

    key: KeyReport
    finding: Finding
    first: str
    patch: str

    @property
    def name(self) -> str:
        return self.key.aliases[0] if self.key.aliases else self.key.arn


def write(report: Report, folder: Path) -> list[Path]:
    """`owners.md` in the folder of each account that has such keys. Returns the files."""
    by_account: dict[str, list[Change]] = {}
    for key, finding in policy_changes(report):
        policy = report.policies[key.policy or ""]
        first = unmergeable(policy, finding.fix.statements)
        if key.owner or first:
            change = Change(key, finding, first, _patch(policy, finding.fix.statements))
            by_account.setdefault(key.account, []).append(change)
    files = []
    for account, changes in by_account.items():
        path = folder / account / "owners.md"
        path.parent.mkdir(exist_ok=True)
        text = TEMPLATES.get_template("owners.md.j2").render(
            account=account,
            owned=[change for change in changes if change.key.owner],
            first=[change for change in changes if not change.key.owner],
        )
        path.write_text(text, encoding="utf-8")
        files.append(path)
    return files


def _patch(before: str, statements: tuple[str, ...]) -> str:
    try:
        now = json.dumps(json.loads(before), indent=2)
    except ValueError:
        return before
    after = merged(before, [json.loads(text) for text in statements]) if statements else without_ours(before)
    lines = difflib.unified_diff(
        now.splitlines(),
        json.dumps(json.loads(after), indent=2).splitlines(),
        "key policy now",
        "key policy as it has to be",
        lineterm="",
    )
    return "\n".join(lines)
