"""The version of the modules stands in one place, the file VERSION."""

from __future__ import annotations

import re
import tomllib

from harness.paths import PROJECT


def test_the_version_stands_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", (PROJECT / "VERSION").read_text(encoding="utf-8"))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"file": "VERSION"}
