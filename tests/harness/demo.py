"""`python -m harness demo`: apply an example to the enforcing emulator in both modes, and show who may decrypt what."""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import boto3
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich_argparse import RichHelpFormatter

from emulator import Emulator
from harness import command
from harness.access.matrix import AccessMatrix, Cell, observe
from harness.access.report import access_report, changes_report
from harness.access.summary import KEYS, OTHERS, WIDTH, summary
from harness.aws.cloud import EmulatedCloud
from harness.aws.keys import KeyDescription
from harness.aws.principals import REGION
from harness.errors import HarnessError
from harness.examples.run import ExampleRun
from harness.examples.special import run_of
from harness.paths import PROJECT
from harness.terraform.runner import PlannedChange
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.collect import Target, read
from plerion_kms.audit.writers import write

EXAMPLE = "all-keys"
REPORTS = PROJECT / ".reports" / "demo"
PICTURE = PROJECT / ".github" / "demo.svg"
DESCRIPTION = """Apply examples/all-keys to a LocalStack that enforces, in both modes of access, call KMS as each \
principal, and show who may decrypt with which key."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo. Returns the exit code. Raises what `show` raises."""
    options = _parser().parse_args(arguments)
    show(Console(width=WIDTH), options.why, options.html, options.picture)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make demo", description=DESCRIPTION, formatter_class=RichHelpFormatter)
    parser.add_argument(
        "--why", action="store_true", help="print each principal's calls, and the reason of each refusal"
    )
    parser.add_argument("--html", action="store_true", help="write what --why prints as a page, and print its path")
    parser.add_argument("--picture", action="store_true", help="write the summary as the picture of the README")
    return parser


def show(console: Console, why: bool = False, html: bool = False, picture: bool = False) -> None:
    """The demo on that console; the options are the command's.

    Raises HarnessError if a call did not end as access.yaml says, and EmulatorError.
    """
    with _Progress() as progress:
        progress.step("Starting LocalStack with authorization in its gateway")
        with Emulator() as emulator, run_of(EXAMPLE, EmulatedCloud(emulator.endpoint_url)) as run:
            modes = {mode: _observe(run, mode, progress) for mode in run.expectations.modes}
            switched = _switched(run.switch or [])
            progress.step("Auditing the account's keys")
            page = _audit(emulator.endpoint_url, run.stage.integration.id)
    console.print(summary(modes, switched, EXAMPLE), highlight=False)
    reasons = _reasons(modes, {name: run.expectations.keys[name] for name in KEYS})
    if why:
        console.print(reasons, highlight=False)
    paths = {"Audit of the same account": page}
    if html:
        paths["The calls and their reasons"] = _page(reasons)
    if picture:
        PICTURE.write_text(picture_of(modes, switched), encoding="utf-8")
        paths["The picture"] = PICTURE
    for what, path in paths.items():
        console.print(f"{what}: {os.path.relpath(path)}", highlight=False, soft_wrap=True)
    if mismatches := [cell for matrix in modes.values() for cell in matrix.mismatches()]:
        raise HarnessError("Not as access.yaml says: " + "; ".join(cell.describe() for cell in mismatches))


def picture_of(modes: Mapping[str, AccessMatrix], switched: Sequence[str]) -> str:
    """The summary as SVG, the same for the same observations. modes, switched: as in `summary`."""
    console = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(summary(modes, switched, EXAMPLE), highlight=False)
    svg = console.export_svg(title="make demo", unique_id="demo")
    # A page that shows the picture loads nothing from elsewhere.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def _switched(changes: Sequence[PlannedChange]) -> list[str]:
    if all(change.action == "update" and ".aws_iam_role_policy." in f".{change.address}" for change in changes):
        return [f"{len(changes)} policy updated in place, 0 roles touched."]
    return [f"{change.address}: {change.action}" for change in changes]


def _reasons(modes: Mapping[str, AccessMatrix], keys: Mapping[str, KeyDescription]) -> Group:
    titles = {"appliance": "PlerionApplianceRole", **OTHERS}
    (first, before), (second, after) = modes.items()
    return Group(
        Rule(first),
        access_report(before, titles, keys),
        Rule(f"{second}: what changed"),
        changes_report(before, after, titles),
    )


def _page(reasons: Group) -> Path:
    console = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True)
    console.print(reasons, highlight=False)
    path = REPORTS / "why.html"
    console.save_html(str(path))
    return path


def _audit(endpoint: str, account: str) -> Path:
    """Write what `plerion-kms audit --out` writes about the account. Returns the page to open."""
    os.environ |= {"AWS_ENDPOINT_URL": endpoint, "NO_PROXY": "127.0.0.1"}
    session = boto3.Session(account, "any", region_name=REGION)
    snapshot = read(
        session, [Target("")], [REGION], threads=4, organization=False, progress=lambda what, done, total: None
    )
    shutil.rmtree(REPORTS, ignore_errors=True)
    return write(assess(snapshot, Options()), snapshot, REPORTS)[0]


def _observe(run: ExampleRun, mode: str, progress: _Progress) -> AccessMatrix:
    progress.step(f"terraform apply, kms_key_access_mode = {mode}")
    run.in_mode(mode)
    progress.step("Making roles' sessions and keys")
    pairs = [(principal, key) for principal in ("appliance", *OTHERS) for key in KEYS]
    targets, principals = run.targets, run.principals
    progress.step(f"Calling KMS as {len(principals)} principals", total=len(pairs))
    cells: list[Cell] = []
    for pair in pairs:
        cells += observe(run.expectations, mode, principals, targets, [pair])
        progress.advance()
    return AccessMatrix(tuple(cells))


class _Progress:
    """One line on standard error that says what the demo waits for."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
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
