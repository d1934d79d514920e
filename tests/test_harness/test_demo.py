"""What the demo prints, for the outcomes that access.yaml expects and for others, and the picture of it."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from harness.access import expectations
from harness.access.matrix import AccessMatrix, Cell
from harness.access.probes import Observation
from harness.access.summary import KEYS, OTHERS, WIDTH, summary
from harness.demo import EXAMPLE, PICTURE, picture_of
from harness.paths import PROJECT
from plerion_kms.probes import applicable

SWITCHED = ["1 policy updated in place, 0 roles touched."]
PRINTED = """\
PlerionApplianceRole can decrypt with              ALL_KEYS        SELECTED_KEYS
────────────────────────────────────────────────────────────────────────────────
a key without the tag PlerionAccess                yes             no
a key tagged Denied                                no              no
a key tagged Granted                               yes             yes
a key tagged Denied, Plerion in its policy         yes  !1         yes  !1
a key that another account shares, no tag          yes  !2         no

PlerionAccessRole                   metadata of 5 of 5 keys, decrypts with none
A role without Plerion's tags       decrypts with no key
A session with the appliance's tag  decrypts with 1 of 5 keys  !3

!1 A key's own policy outweighs the tag.  -> tag_is_binding = true
!2 ALL_KEYS reaches other accounts' keys. -> key_account_ids
!3 A session can carry the role's tag.    -> pin_additions_to_roles = true

Mode switch: 1 policy updated in place, 0 roles touched.
640 calls to the emulator: 640 as examples/all-keys/access.yaml expects.
The emulator decides as AWS documents it. Nothing here ran against AWS.
"""


def modes(observed: Callable[[Cell], bool] = lambda cell: cell.expected) -> dict[str, AccessMatrix]:
    """The demo's calls in both modes, with that outcome."""
    expected = expectations.load(EXAMPLE)

    def cells(mode: str) -> list[Cell]:
        blanks = [
            Cell(principal, key, probe, probe in expected.access[mode][principal][key], Observation(False, ""))
            for principal in ("appliance", *OTHERS)
            for key in KEYS
            for probe in applicable(expected.keys[key].spec)
        ]
        return [replace(cell, observed=Observation(observed(cell), "")) for cell in blanks]

    return {mode: AccessMatrix(tuple(cells(mode))) for mode in expected.modes}


def printed(matrices: dict[str, AccessMatrix]) -> str:
    console = Console(width=WIDTH, file=io.StringIO(), record=True)
    console.print(summary(matrices, SWITCHED, EXAMPLE), highlight=False)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines()) + "\n"


def test_the_summary_says_in_twenty_lines_what_access_yaml_expects() -> None:
    assert printed(modes()) == PRINTED


def test_an_access_that_is_refused_is_no_surprise() -> None:
    text = printed(modes(lambda cell: cell.expected and cell.key != "other-account"))
    assert "key_account_ids" not in text
    assert "!2 A session can carry the role's tag." in text


def test_a_call_that_ends_otherwise_is_named_and_counted() -> None:
    text = printed(modes(lambda cell: cell.expected != (cell.key == "denied" and cell.probe == "Decrypt")))
    assert "a key tagged Denied                                yes  not as" in text
    assert "640 calls to the emulator: 632 as " in text


def test_the_picture_is_of_what_the_demo_prints() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture_of(modes(), SWITCHED), "run 'make demo ARGS=--picture'"
    assert "url(http" not in PICTURE.read_text(encoding="utf-8")


@pytest.mark.ci
def test_the_demo_prints_it() -> None:
    # Not with the arguments of the make that runs the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "ARGS"}
    command = [shutil.which("make") or "make", "demo"]
    result = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    lines = "".join(f"{line.rstrip()}\n" for line in result.stdout.splitlines())
    assert lines == f"{PRINTED}Audit of the same account: .reports/demo/report.html\n"
