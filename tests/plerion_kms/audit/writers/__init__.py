"""What `--out` writes: the report in several formats, and for each account the Terraform that fixes its keys."""

from __future__ import annotations

from pathlib import Path

from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.report import Report
from plerion_kms.audit.snapshot import Snapshot
from plerion_kms.audit.writers import html, owners, sarif, tables, terraform
from plerion_kms.audit.writers.data import as_json

FILES = {
    "report.json": as_json,
    "report.html": html.render,
    "findings.sarif": sarif.render,
    "keys.csv": tables.render,
}


def write(report: Report, snapshot: Snapshot, folder: Path) -> list[Path]:
    """Write everything into the folder, which is made, and return what a person opens first.

    Raises AuditError if the folder holds something or can't be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise AuditError(f"{folder} is not empty: name a new folder for --out.")
        folder.mkdir(parents=True, exist_ok=True)
        for name, render in FILES.items():
            (folder / name).write_text(render(report), encoding="utf-8")
        accounts = terraform.write(report, snapshot, folder)
        owned = owners.write(report, folder)
    except OSError as error:
        raise AuditError(f"{folder} can't be written ({error.strerror}): name another folder for --out.") from error
    return [folder / "report.html", *accounts, *owned]
