"""The expectations that stand as comments above the fixtures' blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MODES = ("hcl", "plan")
BLOCK = re.compile(r'(resource|data) "(\w+)" "(\w+)" \{|(module) "(\w+)" \{')
EXPECTATION = re.compile(r"# (passes|fails|fails in HCL|fails on the plan)(?:: ([\w, ]+))?")
MODES_OF = {"passes": (), "fails": MODES, "fails in HCL": ("hcl",), "fails on the plan": ("plan",)}


@dataclass(frozen=True)
class Expected:
    """What is expected of one block: the ids that fail, by mode. line: where the block opens, from 1."""

    folder: str
    label: str
    line: int
    fails: dict[str, frozenset[str]]


def read(folder: Path) -> Iterator[Expected]:
    """The annotated blocks of a folder's Terraform files."""
    for file in sorted(folder.glob("*.tf")):
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            block = BLOCK.fullmatch(line)
            found = EXPECTATION.fullmatch(lines[number - 1]) if block and number else None
            if block and found:
                ids = frozenset(re.split(r", ?", found[2])) if found[2] else frozenset()
                label = f"module.{block[5]}" if block[4] else f"{block[2]}.{block[3]}"
                fails = {mode: ids if mode in MODES_OF[found[1]] else frozenset() for mode in MODES}
                yield Expected(folder.name, label, number + 1, fails)


def unannotated(folder: Path) -> list[str]:
    """Blocks without an expectation, but for lookups of the account."""
    lines = [line for file in sorted(folder.glob("*.tf")) for line in file.read_text(encoding="utf-8").splitlines()]
    return [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if BLOCK.fullmatch(line) and not EXPECTATION.fullmatch(before)
    ]
