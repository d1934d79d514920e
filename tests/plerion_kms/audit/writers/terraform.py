"""The Terraform that fixes an account's keys: `keys.yaml`, `policies/`, `main.tf` and `imports.tf` for
modules/key-access."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from plerion_kms.audit.report import KeyReport, Report
from plerion_kms.audit.rules import DOCS
from plerion_kms.audit.snapshot import Snapshot

NOT_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
TEMPLATES = Environment(
    loader=PackageLoader("plerion_kms.audit", "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 (HCL and Markdown; the HTML page has an environment of its own)
)
TEMPLATES.filters["hcl"] = lambda value: json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def write(report: Report, snapshot: Snapshot, folder: Path) -> list[Path]:
    """A folder for each account that has keys whose policy has to change. Returns the folders."""
    by_account: dict[str, list[KeyReport]] = {}
    for key in keys_to_change(report):
        by_account.setdefault(key.account, []).append(key)
    folders = []
    for account in report.accounts:
        keys = by_account.get(account.account)
        if keys:
            target = folder / account.account
            _write_account(report, keys, account.appliance, account.access, target)
            folders.append(target)
    return folders


def keys_to_change(report: Report) -> list[KeyReport]:
    """The keys whose policy a finding wants changed and that no other code owns."""
    wanted = {finding.subject for finding in report.findings if finding.fix.by == "key policy"}
    return [key for key in report.keys if key.arn in wanted and key.policy and not key.owner]


def names_of(keys: Sequence[KeyReport]) -> dict[str, str]:
    """A name for each key's ARN: that of its first alias, else its id, with what makes it the only one."""
    names: dict[str, str] = {}
    for key in keys:
        alias = key.aliases[0].removeprefix("alias/") if key.aliases else ""
        name = NOT_A_NAME.sub("-", alias).strip("-") or key.arn.rpartition("/")[2]
        taken = {other.lower() for other in names.values()}
        if name.lower() in taken:  # file names must differ on systems that ignore case too
            name = f"{name}-{key.region}"
        if name.lower() in taken:
            name = f"{name}-{key.arn.rpartition('/')[2]}"
        names[key.arn] = name
    return names


def _write_account(report: Report, keys: Sequence[KeyReport], appliance: str, access: str, folder: Path) -> None:
    names = names_of(keys)
    opened = {finding.subject for finding in report.findings if finding.fix.statements}
    (folder / "policies").mkdir(parents=True)
    listed: dict[str, dict[str, str | bool]] = {}
    for key in keys:
        assert key.policy is not None
        name = names[key.arn]
        (folder / "policies" / f"{name}.json").write_bytes(report.policies[key.policy].encode())
        listed[name] = {"key_arn": key.arn, "policy": f"policies/{name}.json"}
        if key.arn not in opened:
            listed[name]["grant_plerion_access"] = False
    (folder / "keys.yaml").write_text(yaml.safe_dump(listed, sort_keys=False), encoding="utf-8")
    regions = sorted({key.region for key in keys})
    home = appliance.split(":")[4]
    values = {
        "account": keys[0].account,
        "integration": "" if home == keys[0].account else home,
        "appliance": appliance,
        "access": access,
        "pinned": appliance in report.existing_roles and access in report.existing_roles,
        "source": f"{DOCS.removeprefix('https://')}//modules/key-access",
        "regions": [(region, region.replace("-", "_")) for region in regions],
        "keys": [(names[key.arn], key.arn.rpartition("/")[2], key.region.replace("-", "_")) for key in keys],
    }
    for name in ("main.tf", "imports.tf"):
        (folder / name).write_text(TEMPLATES.get_template(f"{name}.j2").render(values), encoding="utf-8")
