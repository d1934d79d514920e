"""One version, and one range of Terraform and provider versions in every module and example."""

from __future__ import annotations

import re
import tomllib

from harness.paths import EXAMPLES, MODULES, PROJECT
from harness.terraform_binary import MINIMUM

TERRAFORM = f">= {'.'.join(map(str, MINIMUM))}"
PROVIDER = ">= 5.31, < 7.0"


def test_the_version_stands_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", (PROJECT / "VERSION").read_text(encoding="utf-8"))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"file": "VERSION"}


def test_every_module_and_example_states_the_same_ranges() -> None:
    for folder in (*MODULES.iterdir(), *EXAMPLES.iterdir()):
        text = (folder / "versions.tf").read_text(encoding="utf-8")
        assert re.findall(r'required_version = "(.*)"', text) == [TERRAFORM], folder
        # modules/key-policy alone has no resources, and so no provider.
        assert re.findall(r'version = "(>= \d.*,.*)"', text) == ([] if folder.name == "key-policy" else [PROVIDER]), (
            folder
        )
