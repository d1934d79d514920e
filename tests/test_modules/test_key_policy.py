"""What merging does to key policies: no statement lost, twice the same, the given policy back, the size counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from harness.guide_statements import same_account_additions

from .conftest import AT_THE_LIMIT
from .module_folder import CONFIGURATIONS

pytestmark = pytest.mark.xdist_group("documents")

ROWS: dict[str, dict[str, Any]] = yaml.safe_load((CONFIGURATIONS / "policies.yaml").read_text(encoding="utf-8"))
OURS = dict(zip(("appliance", "access"), same_account_additions(), strict=True))
OUR_SIDS = {
    *(statement["Sid"] for statement in OURS.values()),
    "Grant PlerionApplianceRole access to make EBS volumes",
    "Grant PlerionApplianceRole access to attach EBS volumes",
}

each_policy = pytest.mark.parametrize("name", ROWS)


def given_statements(name: str) -> list[dict[str, Any]]:
    """The statements as they are given; a single one may stand without brackets."""
    found = json.loads(ROWS[name]["given"])["Statement"]
    return found if isinstance(found, list) else [found]


@each_policy
def test_every_statement_is_there_and_in_its_place(rendered: dict[str, Any], name: str) -> None:
    given = json.loads(ROWS[name]["given"])
    by_label = {
        **dict(enumerate(given_statements(name))),
        **{statement["Sid"]: statement for statement in given_statements(name) if "Sid" in statement},
        **OURS,
    }
    expected = [by_label[label] for label in ROWS[name]["merged"]]
    assert json.loads(rendered["merged"][name]) == {**given, "Version": "2012-10-17", "Statement": expected}


@each_policy
def test_twice_gives_the_same(rendered: dict[str, Any], name: str) -> None:
    assert rendered["merged_twice"][name] == rendered["merged"][name]


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.get("removed") != "refused"])
def test_removal_gives_back_what_was_given_but_for_the_version(rendered: dict[str, Any], name: str) -> None:
    given = json.loads(ROWS[name]["given"])
    others = [statement for statement in given_statements(name) if statement.get("Sid") not in OUR_SIDS]
    assert json.loads(rendered["removed"][name]) == {**given, "Version": "2012-10-17", "Statement": others}


@pytest.mark.parametrize("name", AT_THE_LIMIT)
def test_the_largest_policy_that_kms_takes_is_taken(rendered: dict[str, Any], name: str) -> None:
    size = AT_THE_LIMIT[name][1]
    assert len(rendered["merged"][name].encode()) == size
    assert rendered["merged_bytes"][name] == size


@each_policy
def test_the_size_is_counted_in_bytes(rendered: dict[str, Any], name: str) -> None:
    assert rendered["merged_bytes"][name] == len(rendered["merged"][name].encode())
