"""The Terraform that fixes an account's keys: `keys.yaml`, `policies/`, `main.tf` and `imports.tf` for
modules/key-access."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from plerion_kms.audit.report import Finding, KeyReport, Report
from plerion_kms.audit.rules import DOCS
from plerion_kms.audit.writers.unmergeable import unmergeable

NOT_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
LONGEST_NAME = 100
"""Of an alias, which may have 250 characters: it becomes a file's name, with the Region and the id if need be."""
TEMPLATES = Environment(
    loader=PackageLoader("plerion_kms.audit", "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 (HCL and Markdown; the HTML page has an environment of its own)
)
TEMPLATES.filters["hcl"] = lambda value: json.dumps(value).replace("${", "$${").replace("%{", "%%{")
TEMPLATES.filters["markdown"] = lambda text: re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(text.split()))


def write(report: Report, folder: Path) -> list[Path]:
    """A folder for each account that has keys whose policy has to change. Returns the folders."""
    by_account: dict[str, list[tuple[KeyReport, Finding]]] = {}
    for key, finding in policy_changes(report):
        if not key.owner and not unmergeable(report.policies[key.policy or ""], finding.fix.statements):
            by_account.setdefault(key.account, []).append((key, finding))
    folders = []
    for account in report.accounts:
        changes = by_account.get(account.account)
        if changes:
            target = folder / account.account
            _write_account(report, changes, account.appliance, account.access, target)
            folders.append(target)
    return folders


def policy_changes(report: Report) -> list[tuple[KeyReport, Finding]]:
    """The keys whose policy a finding wants changed, with that finding: the first one with statements."""
    wanted: dict[str, Finding] = {}
    for finding in report.findings:
        if finding.fix.by == "key policy":
            known = wanted.get(finding.subject)
            if known is None or (finding.fix.statements and not known.fix.statements):
                wanted[finding.subject] = finding
    return [(key, wanted[key.arn]) for key in report.keys if key.arn in wanted and key.policy]


def names_of(keys: Sequence[KeyReport]) -> dict[str, str]:
    """A name for each key's ARN: that of its first alias, else its id, with what makes it the only one."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for key in keys:
        id_ = key.arn.rpartition("/")[2]
        alias = key.aliases[0].removeprefix("alias/") if key.aliases else ""
        name = NOT_A_NAME.sub("-", alias).strip("-")[:LONGEST_NAME] or id_
        longer = (name, f"{name}-{key.region}", f"{name}-{key.region}-{id_}")
        # File names must differ on systems that ignore case too.
        names[key.arn] = next(text for text in longer if text.lower() not in taken)
        taken.add(names[key.arn].lower())
    return names


def source_of(module: str) -> str:
    """Terraform's address of a module of this repository, in the version that is installed."""
    try:
        reference = f"?ref=v{version('plerion-kms')}"
    except PackageNotFoundError:  # in a clone
        reference = ""
    return f"{DOCS.removeprefix('https://')}//modules/{module}{reference}"


def _write_account(
    report: Report, changes: Sequence[tuple[KeyReport, Finding]], appliance: str, access: str, folder: Path
) -> None:
    names = names_of([key for key, _ in changes])
    (folder / "policies").mkdir(parents=True)
    for key, _ in changes:
        (folder / "policies" / f"{names[key.arn]}.json").write_bytes(report.policies[key.policy or ""].encode())
    account, home = changes[0][0].account, appliance.split(":")[4]
    values = {
        "account": account,
        "integration": "" if home == account else home,
        "appliance": appliance,
        "access": access,
        "pinned": appliance in report.existing_roles and access in report.existing_roles,
        "source": source_of("key-access"),
        "regions": [(region, _identifier(region)) for region in sorted({key.region for key, _ in changes})],
        "keys": [
            {
                "name": names[key.arn],
                "arn": key.arn,
                "id": key.arn.rpartition("/")[2],
                "region": _identifier(key.region),
                "grant": bool(finding.fix.statements),
            }
            for key, finding in changes
        ],
    }
    for name in ("keys.yaml", "main.tf", "imports.tf"):
        (folder / name).write_text(TEMPLATES.get_template(f"{name}.j2").render(values), encoding="utf-8")


def _identifier(region: str) -> str:
    return region.replace("-", "_")
