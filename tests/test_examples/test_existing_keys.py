"""The example existing-keys: what it sets on keys that were there before, what it warns of, and what it leaves behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from harness import tally
from harness.example_run import ExistingKeys
from harness.guide_statements import cross_account_additions, same_account_additions
from harness.principals import role_arn
from harness.probe import Target, probe

from .examples import Runs

pytestmark = pytest.mark.xdist_group("existing-keys")


@pytest.fixture
def run(runs: Runs) -> ExistingKeys:
    """The example, applied in ALL_KEYS."""
    run = runs.of("existing-keys")
    assert isinstance(run, ExistingKeys)
    run.in_mode("ALL_KEYS")
    return run


def statements(run: ExistingKeys, key: str) -> list[dict[str, Any]]:
    """The statements that the key's policy holds now, after the administrator's, which is checked here."""
    arn = run.key_arns[key]
    own, other = run.stage.key_administrator, run.stage.other_key_administrator
    owner = own if own.account == arn.split(":")[4] else other
    first, *rest = json.loads(owner.client("kms").get_key_policy(KeyId=arn)["Policy"])["Statement"]
    assert first["Principal"] == {"AWS": role_arn(owner)}
    tally.CURRENT.asserted += 1
    assert all(isinstance(statement, dict) for statement in rest)
    return list(rest)


def tags(run: ExistingKeys, key: str) -> Mapping[str, str]:
    """The key's tags."""
    answer = run.stage.key_administrator.client("kms").list_resource_tags(KeyId=run.key_arns[key])
    tally.CURRENT.asserted += 1
    return {tag["TagKey"]: tag["TagValue"] for tag in answer["Tags"]}


def test_the_additions_follow_the_statements_that_were_there(run: ExistingKeys) -> None:
    assert statements(run, "isolated") == same_account_additions()
    assert statements(run, "isolated-closed") == []
    assert statements(run, "other-account") == cross_account_additions(run.stage.integration.id)


def test_other_tags_stay(run: ExistingKeys) -> None:
    assert tags(run, "delegating-untouched") == {"Owner": "Accounts"}
    assert tags(run, "delegating-denied") == {"Owner": "Accounts", "PlerionAccess": "Denied"}
    assert tags(run, "delegating-granted") == {"Owner": "Accounts", "PlerionAccess": "Granted"}


def test_keys_of_a_second_region_are_opened_by_its_provider(run: ExistingKeys) -> None:
    region = run.SECOND_REGION
    target = Target(run.second_region_key, run.second_region_key, "")
    assert probe(run.principals["appliance"].in_region(region), target, "Decrypt").allowed
    assert not probe(run.principals["untagged"].in_region(region), target, "Decrypt").allowed
    tally.CURRENT.asserted += 2


def test_the_plan_warns_of_tags_without_effect(run: ExistingKeys) -> None:
    warnings = {
        (check["address"]["to_display"], problem["message"].split(":")[0])
        for check in run.terraform.plan_document()["checks"]
        if check["address"]["kind"] == "check"
        for instance in check.get("instances", [])
        for problem in instance.get("problems", [])
    }
    assert warnings == {
        (
            "module.keys.check.denied_tag_against_additions",
            "The tag PlerionAccess = Denied does not close isolated-denied",
        ),
        (
            "module.keys.check.granted_tag_in_all_keys",
            "The tag PlerionAccess = Granted has no effect on delegating-granted in the mode ALL_KEYS, which looks for "
            "Denied alone",
        ),
        (
            "module.keys_of_other_account.check.granted_tag_in_all_keys",
            "The tag PlerionAccess = Granted has no effect on other-account-granted in the mode ALL_KEYS, which looks "
            "for Denied alone",
        ),
    }
