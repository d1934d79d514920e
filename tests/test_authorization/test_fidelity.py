"""README.md lists every constant of unknowns.py, the engine reads each; the headings that the engine cites exist."""

from __future__ import annotations

import ast
import re
from importlib import resources

from plerion_kms.authorization import unknowns

FOLDER = resources.files("plerion_kms.authorization")
CONSTANTS = sorted(name for name in vars(unknowns) if name.isupper())


def test_readme_lists_every_unknown() -> None:
    section = FOLDER.joinpath("README.md").read_text().partition("\n## Unknown\n")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)) == CONSTANTS


def test_the_engine_reads_every_unknown() -> None:
    read = {
        node.attr
        for module in FOLDER.iterdir()
        if module.name.endswith(".py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "unknowns"
    }
    assert sorted(read) == CONSTANTS


def test_the_headings_that_the_engine_cites_are_there() -> None:
    headings = {
        f'{name} "{heading}"'
        for name in ("README.md", "RULES.md")
        for heading in re.findall(r"^#+ (.+)$", FOLDER.joinpath(name).read_text(), re.MULTILINE)
    }
    cited = {
        f"{name} {heading}"
        for module in FOLDER.iterdir()
        if module.name.endswith(".py")
        for name, quoted in re.findall(
            r'\b(README\.md|RULES\.md),? ((?:"[^"]+"(?:, | and )?)+)', re.sub(r"\s+(# )?", " ", module.read_text())
        )
        for heading in re.findall(r'"[^"]+"', quoted)
    }
    assert len(cited) > 10
    assert sorted(cited - headings) == []
