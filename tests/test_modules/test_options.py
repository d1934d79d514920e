"""Every input of modules/plerion-kms has an effect: a plan with all of them shows each value where it belongs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from harness.aws.cloud import NO_ACCOUNT
from harness.paths import MODULES
from harness.terraform.hcl import read_folder
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.runner import Terraform

from . import CONFIGURATIONS

pytestmark = pytest.mark.xdist_group("modules")

ROWS: dict[str, list[dict[str, Any]]] = yaml.safe_load((CONFIGURATIONS / "options.yaml").read_text(encoding="utf-8"))
PLACES = [
    pytest.param(row, id=f"{name}-{row['in']}-{'.'.join(map(str, row['at']))}")
    for name, rows in ROWS.items()
    for row in rows
]


@pytest.fixture(scope="module")
def shown(provider: ProviderRelay) -> dict[str, dict[str, Any]]:
    """By call: its planned outputs by name and its planned resources by address, and `resources`, their addresses."""
    with Terraform(CONFIGURATIONS / "options", NO_ACCOUNT, relay=provider) as terraform:
        terraform.init()
        plan = terraform.plan_document()
    found: dict[str, dict[str, Any]] = {name: change["after"] for name, change in plan["output_changes"].items()}
    for module in plan["planned_values"]["root_module"]["child_modules"]:
        call = module["address"].removeprefix("module.")
        found[call].update(
            {
                # A resource of which nothing is known before the apply has no values.
                resource["address"].removeprefix(f"{module['address']}."): resource.get("values", {})
                for resource in _resources(module)
            }
        )
    return {
        call: {**values, "resources": sorted(name for name in values if name.startswith("module."))}
        for call, values in found.items()
    }


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _value(found: Any, path: list[str | int]) -> Any:
    """What is at the path: JSON in a string is followed, and "*" stands for each element of a list."""
    if isinstance(found, str) and found.startswith("{"):
        found = json.loads(found)
    if not path:
        return found
    if path[0] == "*":
        return [_value(element, path[1:]) for element in found]
    return _value(found[path[0]], path[1:])


@pytest.mark.parametrize("row", PLACES)
def test_the_value_of_an_input_shows(shown: dict[str, dict[str, Any]], row: dict[str, Any]) -> None:
    assert _value(shown[row["in"]], row["at"]) == row["is"]


def test_every_input_has_a_row() -> None:
    assert ROWS.keys() == {variable.name for variable in read_folder(MODULES / "plerion-kms").variables}
