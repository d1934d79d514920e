"""The YAML files, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent

# LibYAML's loader reads the many cases ten times as fast.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@cache
def world() -> Any:
    """The content of world.yaml."""
    return _load(FOLDER / "world.yaml")


@cache
def case_files() -> dict[str, Any]:
    """The content of each file of cases, by its name. Everything is text: YAML's own guesses at types are off."""
    return {path.stem: _load(path) for path in sorted((FOLDER / "cases").glob("*.yaml"))}


def _load(path: Path) -> Any:
    return yaml.load(path.read_text(), _LOADER)  # noqa: S506 - BaseLoader makes text only
