"""Each case in `cases/`, put to the engine; and the table in README.md, held against the cases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from test_authorization.case_runner import Case, load_cases, run

CASES = load_cases()
README = Path(__file__).parent / "README.md"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.name}")
def test_case(case: Case) -> None:
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
