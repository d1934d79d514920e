"""What other providers and OpenTofu read differently, held by reading the HCL: they may not be at hand.

Sources: hashicorp/terraform-provider-aws, issues 23464 and 27125 (AWS fills in administration_role_arn) and the upgrade
guide to version 6 (`data.aws_region`); OpenTofu's documentation of `tofu test`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.paths import EXAMPLES, MODULES, PROJECT
from harness.terraform.hcl import Block, read_file, read_folder
from harness.tools.docs import example_folders, module_folders

FOLDERS = {str(folder.relative_to(PROJECT)): folder for folder in (*example_folders(), *module_folders())}
TESTS = {str(path.relative_to(MODULES)): path for path in sorted(MODULES.rglob("*.tftest.hcl"))}
NAME = re.compile(r"^\s*\"?(\w+)\"?\s*=", re.MULTILINE)


def everything_in(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """The blocks, and those in them."""
    for block in blocks:
        yield block
        yield from everything_in(block.blocks)


def declared(folder: Path) -> dict[str, Block]:
    """The resources and data sources of a folder by their addresses."""
    return {
        ".".join(block.heading).removeprefix("resource."): block
        for path in sorted(folder.glob("*.tf"))
        for block in read_file(path)
        if block.heading[0] in ("resource", "data")
    }


def module_of(test: Path) -> Path:
    """The module that a test file is of."""
    return test.parents[1]


def with_called(folder: Path) -> Iterator[Path]:
    """The module, and those that it calls, directly or not."""
    yield folder
    for source in read_folder(folder).modules.values():
        yield from with_called((folder / source).resolve())


def test_what_aws_fills_in_is_no_update_of_a_stack_set() -> None:
    stack_set = declared(EXAMPLES / "organization")["aws_cloudformation_stack_set.this"]
    (lifecycle,) = (block for block in stack_set.blocks if block.heading == ("lifecycle",))
    assert "administration_role_arn" in lifecycle.attributes["ignore_changes"]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_providers_region_is_read_where_providers_5_and_6_both_have_it(name: str) -> None:
    assert not [address for address in declared(FOLDERS[name]) if address.startswith("data.aws_region.")]


def test_a_key_of_another_region_is_recognized_through_the_service() -> None:
    service = declared(MODULES / "key-access")["data.aws_service.kms"]
    assert service.attributes["service_id"] == '"kms"'
    (lifecycle,) = service.blocks
    (postcondition,) = lifecycle.blocks
    assert "self.region" in postcondition.attributes["condition"]


@pytest.mark.parametrize("name", TESTS)
def test_no_override_has_a_value_for_an_argument_that_is_configured(name: str) -> None:
    configured = declared(module_of(TESTS[name]))
    for block in everything_in(read_file(TESTS[name])):
        if block.heading[0] in ("override_data", "override_resource"):
            values = set(NAME.findall(block.attributes["values"]))
            target, _, _ = block.attributes["target"].partition("[")
            assert values & set(configured[target].attributes) == set()


@pytest.mark.parametrize("name", TESTS)
def test_variables_of_a_test_are_inputs(name: str) -> None:
    inputs = {variable.name for variable in read_folder(module_of(TESTS[name])).variables}
    given = [block for block in everything_in(read_file(TESTS[name])) if block.heading == ("variables",)]
    for block in given:
        assert set(block.attributes) <= inputs


@pytest.mark.parametrize("name", TESTS)
def test_a_mocked_policy_has_an_arn(name: str) -> None:
    if not any("aws_iam_policy.this" in declared(folder) for folder in with_called(module_of(TESTS[name]))):
        return
    mocked = {
        block.heading: block.attributes.get("defaults", "")
        for block in everything_in(read_file(TESTS[name]))
        if block.heading[0] == "mock_resource"
    }
    assert re.search(r'\barn\s*=\s*"arn:aws:iam::\d{12}:policy/\w+"', mocked["mock_resource", "aws_iam_policy"])
