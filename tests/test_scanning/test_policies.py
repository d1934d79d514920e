"""Each fixture against what its comment says, on HCL and on the plan."""

from __future__ import annotations

import pytest

from harness.paths import PROJECT
from harness.tools.checkov import Report
from harness.tools.scan import show
from test_scanning.annotations import MODES, Expected, read, unannotated
from test_scanning.conftest import BROKEN, FIXTURES, PLANNED, Observed

pytestmark = pytest.mark.xdist_group("scanning-policies")

EXPLAINED = (PROJECT / "tests" / "scanning" / "README.md").read_text(encoding="utf-8")
FOLDERS = sorted(path.name for path in FIXTURES.iterdir() if path.name != "wrappers")
CASES = [
    pytest.param(mode, expected, id=f"{mode}-{expected.folder}-{expected.label}")
    for folder in FOLDERS
    for expected in read(FIXTURES / folder)
    for mode in MODES
    if mode == "hcl" or folder in PLANNED
]


@pytest.mark.parametrize(("mode", "expected"), CASES)
def test_block_fails_what_its_comment_says(mode: str, expected: Expected, observed: Observed) -> None:
    assert observed.get((mode, expected.folder, expected.label), frozenset()) == expected.fails[mode]


def test_no_finding_outside_the_annotated_blocks(observed: Observed) -> None:
    annotated = {(expected.folder, expected.label) for folder in FOLDERS for expected in read(FIXTURES / folder)}
    assert {(folder, label) for _, folder, label in observed} <= annotated


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_block_has_its_expectation(folder: str) -> None:
    assert unannotated(FIXTURES / folder) in ([], ['data "aws_caller_identity" "current" {}'])


def test_each_policy_has_passing_and_failing_fixtures_of_every_style() -> None:
    for number in range(1, 11):
        failing = {
            (mode, expected.label)
            for folder in FOLDERS
            for expected in read(FIXTURES / folder)
            for mode, ids in expected.fails.items()
            if f"CKV_PLERION_{number}" in ids
        }
        for mode in MODES:
            labels = " ".join(label for m, label in failing if m == mode)
            assert "heredoc" in labels, (number, mode)
            assert "inline" in labels, (number, mode)
            assert "module.call" in labels, (number, mode)
            assert ("aws_iam_policy_document" if mode == "hcl" else "data_document") in labels, (number, mode)


def test_the_broken_file_alone_was_not_read_and_is_named(
    outcomes: dict[str, Report], capsys: pytest.CaptureFixture[str]
) -> None:
    files = {mode: [error.partition(": ")[0] for error in report.parsing_errors] for mode, report in outcomes.items()}
    assert files == {"hcl": [BROKEN], "plan": []}
    assert show(outcomes) == 2
    assert f"{BROKEN}:1: This file was not scanned: " in capsys.readouterr().out


def test_each_finding_says_the_fix_and_where_it_is_explained(outcomes: dict[str, Report]) -> None:
    for outcome in outcomes.values():
        for finding in outcome.failed:
            assert finding.severity in {"MEDIUM", "HIGH", "CRITICAL"}
            fix, _, link = finding.fix.rpartition(" ")
            assert fix
            assert link.endswith(f"tests/scanning/README.md#{finding.check.lower()}")
            assert f"### {finding.check}\n" in EXPLAINED
