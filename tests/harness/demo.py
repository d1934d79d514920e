"""`python -m harness.demo`: apply an example to the enforcing emulator, show who may do what and why, switch modes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import boto3
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from emulator import Emulator
from harness import command
from harness.access.matrix import AccessMatrix, Cell, observe
from harness.access.report import access_report, changes_report
from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import REGION
from harness.errors import HarnessError
from harness.examples.run import ExampleRun
from harness.examples.special import run_of
from harness.paths import PROJECT
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.collect import Target, read
from plerion_kms.audit.writers import write

EXAMPLE = "all-keys"
KEYS = ("no-tag", "denied", "granted", "denied-additions", "other-account")
REPORT = PROJECT / ".reports" / "demo"
TITLES: Mapping[str, str] = {
    "appliance": "PlerionApplianceRole",
    "access": "PlerionAccessRole",
    "untagged": "role without tags",
    "tag-bearer": "session tagged as appliance",
}


def main() -> int:
    """Run the demo. Returns the exit code. Raises what `show` raises."""
    show(Console(width=max(Console().width, 110)))
    return 0


def show(console: Console) -> None:
    """The demo on that console. Raises HarnessError and EmulatorError."""
    with _Progress(console) as progress:
        progress.step("Starting LocalStack with authorization in its gateway")
        with Emulator() as emulator, run_of(EXAMPLE, EmulatedCloud(emulator.endpoint_url)) as run:
            first, second = run.expectations.modes
            before = _observe(run, first, progress)
            after = _observe(run, second, progress)
            switch = run.switch or []
            progress.step("Auditing the account's keys")
            page = _audit(emulator.endpoint_url, run.stage.integration.id)
    keys = {name: run.expectations.keys[name] for name in KEYS}
    console.rule(f"[bold]{first}[/]: who may do what, after 'terraform apply' of examples/{EXAMPLE}")
    console.print(access_report(before, TITLES, keys))
    console.rule(f"[bold]{second}[/]: what changed with a second apply")
    for change in switch:
        console.print(f"Terraform's plan: {change.address}: {change.action} in place", highlight=False)
    console.print(changes_report(before, after, TITLES))
    mismatches = before.mismatches() + after.mismatches()
    if mismatches:
        raise HarnessError("Not as access.yaml says: " + "; ".join(cell.describe() for cell in mismatches))
    console.print(
        f"{len(before.cells) + len(after.cells)} real boto3 calls, each ended as examples/{EXAMPLE}/access.yaml says.",
        highlight=False,
    )
    console.print(f"The audit's report on the same account: {page}", highlight=False, soft_wrap=True)


def _audit(endpoint: str, account: str) -> Path:
    """Write what `plerion-kms audit --out` writes about the account. Returns the page to open."""
    os.environ |= {"AWS_ENDPOINT_URL": endpoint, "NO_PROXY": "127.0.0.1"}
    session = boto3.Session(account, "any", region_name=REGION)
    snapshot = read(
        session, [Target("")], [REGION], threads=4, organization=False, progress=lambda what, done, total: None
    )
    shutil.rmtree(REPORT, ignore_errors=True)
    return write(assess(snapshot, Options()), snapshot, REPORT)[0]


def _observe(run: ExampleRun, mode: str, progress: _Progress) -> AccessMatrix:
    progress.step(f"terraform apply, kms_key_access_mode = {mode}")
    run.in_mode(mode)
    progress.step("Making roles' sessions and keys")
    pairs = [(principal, key) for principal in TITLES for key in KEYS]
    targets, principals = run.targets, run.principals
    progress.step(f"Calling KMS as {len(principals)} principals", total=len(pairs))
    cells: list[Cell] = []
    for pair in pairs:
        cells += observe(run.expectations, mode, principals, targets, [pair])
        progress.advance()
    return AccessMatrix(tuple(cells))


class _Progress:
    """One line that says what the demo waits for."""

    def __init__(self, console: Console) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task("")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def step(self, text: str, total: int | None = None) -> None:
        """Show what is under way now; `total` counts its parts, where they can be counted."""
        self._bar.reset(self._task, description=text, total=total)
        if not self._bar.console.is_terminal:
            self._bar.console.print(f"{text} ...", highlight=False)

    def advance(self) -> None:
        """One part is done."""
        self._bar.advance(self._task)


if __name__ == "__main__":
    sys.exit(command.run(main))
