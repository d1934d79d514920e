"""The parts know each other in one direction: tests, harness, emulator, plerion_kms. Nothing imports against it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.paths import PROJECT

TESTS = PROJECT / "tests"

KNOWS: dict[str, set[str]] = {
    "plerion_kms": {"plerion_kms"},
    "emulator": {"emulator", "plerion_kms"},
    "harness": {"harness", "emulator", "plerion_kms", "plerion_policies"},
    "verify": {"verify", "harness", "plerion_kms"},
    "scanning": {"plerion_policies"},
    "benchmarks": {"benchmarks", "harness", "emulator", "plerion_kms", "authorization"},
}
"""Part -> the parts that it may import. `authorization` is an earlier revision's engine, which a benchmark runs."""

PARTS = set().union(*KNOWS.values(), {path.name for path in TESTS.glob("test_*")})


def imported(file: Path) -> Iterator[str]:
    """The first name of each module that the file imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


@pytest.mark.parametrize("part", KNOWS)
def test_a_part_imports_only_what_it_may_know(part: str) -> None:
    files = sorted((TESTS / part).rglob("*.py"))
    assert files
    against = {(file.relative_to(TESTS).as_posix(), name) for file in files for name in imported(file)}
    assert {(file, name) for file, name in against if name in PARTS - KNOWS[part]} == set()


def test_what_customers_install_needs_no_emulator_and_no_test_tool() -> None:
    names = {name for file in (TESTS / "plerion_kms").rglob("*.py") for name in imported(file)}
    assert names & {"localstack", "moto", "rolo", "pytest", "hypothesis"} == set()
