"""The YAML files, read once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from plerion_kms.guide import cross_account_additions, mode_statement, same_account_additions

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
    files = {path.stem: _load(path) for path in sorted((FOLDER / "cases").glob("*.yaml"))}
    files["guide"]["statements"] |= _guide_statements()
    return files


def _guide_statements() -> dict[str, str]:
    """The guide's statements as JSON, by the names that guide.yaml has for them."""
    statements = {f"mode {mode}": mode_statement(mode) for mode in ("ALL_KEYS", "SELECTED_KEYS")}
    for form, additions in (
        ("same account", same_account_additions()),
        ("cross account", cross_account_additions("111111111111")),
    ):
        for role, addition in zip(("appliance", "access role"), additions, strict=True):
            statements[f"{form}: {role}"] = addition
    return {name: json.dumps(content) for name, content in statements.items()}


def _load(path: Path) -> Any:
    return yaml.load(path.read_text(), _LOADER)  # noqa: S506 - BaseLoader makes text only
