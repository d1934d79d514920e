"""Each case in `cases/`, put to the engine; and the table in README.md, held against the cases."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from test_authorization.case_runner import Case, load_cases, run

CASES = load_cases()
README = Path(__file__).parent / "README.md"


def _tests() -> Iterable[Any]:
    """One test for each case. Under mutmut, which runs them thousands of times, one for each file, for most of the time
    would be pytest's; and none for the guide's truth table, which takes as long as all others together."""
    if "MUTANT_UNDER_TEST" in os.environ:
        by_file = groupby((case for case in CASES if case.file != "guide"), key=lambda case: case.file)
        return [pytest.param(list(cases), id=file) for file, cases in by_file]
    return [pytest.param([case], id=f"{case.file}: {case.name}") for case in CASES]


@pytest.mark.parametrize("cases", _tests())
def test_cases(cases: list[Case]) -> None:
    for case in cases:
        run(case)


def test_names_are_sentences_of_their_own() -> None:
    names = [f"{case.file}: {case.name}" for case in CASES]
    assert len(set(names)) == len(names)
    assert all(" " in case.name for case in CASES)


def test_readme_lists_every_rule_with_the_files_that_hold_its_cases() -> None:
    listed = {
        rule: files.split(", ")
        for rule, files in re.findall(r"^\| `([a-z-]+)` \| .* \| ([a-z_, ]+) \|$", README.read_text(), re.MULTILINE)
    }
    found: dict[str, set[str]] = {}
    for case in CASES:
        found.setdefault(case.fields["rule"], set()).add(case.file)
    assert listed == {rule: sorted(files) for rule, files in found.items()}
