"""What `--out` writes: the report in several formats, and for each account the Terraform that fixes its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.report import Report
from plerion_kms.audit.snapshot import Snapshot
from plerion_kms.audit.writers import commands, html, owners, sarif, tables, terraform
from plerion_kms.audit.writers.data import pieces

FILES: Mapping[str, Callable[[Report], Iterable[str]]] = {
    "report.json": pieces,
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
            with (folder / name).open("w", encoding="utf-8") as file:
                file.writelines(render(report))
        accounts = terraform.write(report, folder)
        owned = owners.write(report, folder)
        scripts = commands.write(report, folder)
    except OSError as error:
        raise AuditError(f"{folder} can't be written ({error.strerror}): name another folder for --out.") from error
    return [folder / "report.html", *accounts, *owned, *scripts]
