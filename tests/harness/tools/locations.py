"""The lines of a planned resource in the HCL: a plan has addresses alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.terraform.hcl import read_file

MODULE = re.compile(r"module\.([\w-]+)(?:\[[^\]]*\])?\.")
BLOCK = re.compile(r"(?:(data)\.)?([\w-]+)\.([\w-]+)")
SKIP = re.compile(r"checkov:skip=(\w+):?\s*(.*)")


@dataclass(frozen=True)
class Location:
    """A block: its file, relative to the project, and its lines."""

    file: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.start}-{self.end}"


def locate(address: str, document: Mapping[str, Any], folder: Path, tree: Path) -> Location | None:
    """The block of a resource address in the plan document of the root module in `folder`; None if it is not found.

    Only modules with a relative source are followed. The file is relative to `tree`.
    """
    configuration = document["configuration"]["root_module"]
    while call := MODULE.match(address):
        called = configuration.get("module_calls", {}).get(call[1])
        if called is None or not called["source"].startswith("."):
            return None
        configuration, folder = called["module"], folder / called["source"]
        address = address[call.end() :]
    block = BLOCK.match(address)
    if block is None:
        return None
    heading = (block[1] or "resource", block[2], block[3])
    for file in sorted(folder.resolve().glob("*.tf")):
        for found in read_file(file):
            if found.heading == heading:
                return Location(file.relative_to(tree.resolve()).as_posix(), found.start, found.end)
    return None


def skips(location: Location, tree: Path) -> dict[str, str]:
    """The checks that comments in the block skip, with their reasons."""
    lines = (tree / location.file).read_text(encoding="utf-8").splitlines()
    return dict(SKIP.findall("\n".join(lines[location.start - 1 : location.end])))
