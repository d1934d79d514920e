"""The recommended options are there in every example, held by reading the HCL."""

from __future__ import annotations

import re

import pytest

from harness.paths import EXAMPLES as FOLDER
from harness.terraform.hcl import blocks, read_folder

from .examples import EXAMPLES

ALWAYS_HARDENED = "hardened-key"
# What an example passes to a module with options: the input, or what follows from it.
FOLLOWS = re.compile(r"var\.hardened|pinned_appliance_role_arns|hardened\s*=\s*true")


@pytest.mark.parametrize("example", EXAMPLES)
def test_hardened_reaches_every_module_with_options(example: str) -> None:
    declared = read_folder(FOLDER / example)
    inputs = {variable.name: variable.default for variable in declared.variables}
    assert inputs.get("hardened") == (None if example == ALWAYS_HARDENED else "false")
    calls = {heading[1]: text for heading, text in blocks(FOLDER / example) if heading[0] == "module"}
    with_options = [name for name, source in declared.modules.items() if not source.endswith("/roles")]
    assert [name for name in with_options if not FOLLOWS.search(calls[name])] == []
