"""All six of the guide's JSON blocks against what the modules render, compared as policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plerion_kms.guide import cross_account_additions, mode_statement, same_account_additions

from .conftest import INTEGRATION_ACCOUNT

pytestmark = pytest.mark.xdist_group("modules")


def as_policy(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement in one form: the order of actions and resources and the brackets of a single one do not count."""
    return {
        name: frozenset([value] if isinstance(value, str) else value) if name in ("Action", "Resource") else value
        for name, value in statement.items()
    }


def statements(policy_json: str) -> list[dict[str, Any]]:
    """The statements of a rendered policy, each in that form."""
    policy = json.loads(policy_json)
    assert policy["Version"] == "2012-10-17"
    return [as_policy(statement) for statement in policy["Statement"]]


@pytest.mark.parametrize("mode", ["ALL_KEYS", "SELECTED_KEYS"])
def test_the_mode_statement_is_the_guides(rendered: dict[str, Any], mode: str) -> None:
    assert statements(rendered["mode"][mode]) == [as_policy(mode_statement(mode))]


@pytest.mark.parametrize("place", [0, 1], ids=["appliance", "access"])
@pytest.mark.parametrize(
    ("form", "guide"),
    [("same_account", same_account_additions()), ("cross_account", cross_account_additions(INTEGRATION_ACCOUNT))],
    ids=["same account", "cross account"],
)
def test_the_addition_is_the_guides(
    rendered: dict[str, Any], form: str, guide: list[dict[str, Any]], place: int
) -> None:
    found = statements(rendered["additions"][form])
    assert len(found) == len(guide)
    assert found[place] == as_policy(guide[place])
