"""The example existing-keys: what it sets on keys that were there before, and what it warns of."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from harness import tally
from harness.guide_statements import cross_account_additions, same_account_additions
from harness.paths import MODULES
from harness.principals import Principal, role_arn
from harness.probe import Target, probe
from harness.runs import ExistingKeys

from .examples import Runs

ROLES_README = MODULES / "plerion-kms" / "README.md"
pytestmark = pytest.mark.xdist_group("existing-keys")


@pytest.fixture
def run(runs: Runs) -> ExistingKeys:
    """The example, applied in ALL_KEYS."""
    run = runs.of("existing-keys")
    assert isinstance(run, ExistingKeys)
    run.in_mode("ALL_KEYS")
    return run


def statements(owner: Principal, arn: str) -> list[dict[str, Any]]:
    """The statements that the key's policy holds now, after its administrator's, which is checked here."""
    policy = owner.client("kms").get_key_policy(KeyId=arn)["Policy"]
    administrator, *rest = json.loads(policy)["Statement"]
    assert administrator["Principal"] == {"AWS": role_arn(owner)}
    tally.CURRENT.asserted += 1
    return list(rest)


def tags(run: ExistingKeys, key: str) -> Mapping[str, str]:
    """The key's tags."""
    answer = run.stage.key_administrator.client("kms").list_resource_tags(KeyId=run.key_arns[key])
    tally.CURRENT.asserted += 1
    return {tag["TagKey"]: tag["TagValue"] for tag in answer["Tags"]}


def test_the_additions_follow_the_statements_that_were_there(run: ExistingKeys) -> None:
    owner = run.stage.key_administrator
    assert statements(owner, run.key_arns["isolated"]) == same_account_additions()
    assert statements(owner, run.key_arns["isolated-closed"]) == []


def test_other_tags_stay(run: ExistingKeys) -> None:
    assert tags(run, "delegating-untouched") == {"Owner": "Accounts"}
    assert tags(run, "delegating-denied") == {"Owner": "Accounts", "PlerionAccess": "Denied"}
    assert tags(run, "delegating-granted") == {"Owner": "Accounts", "PlerionAccess": "Granted"}


def test_a_key_of_another_account_and_region_is_opened_by_the_provider_of_that_place(run: ExistingKeys) -> None:
    owner = run.stage.other_key_administrator.in_region(run.ELSEWHERE)
    assert statements(owner, run.elsewhere.arn) == cross_account_additions(run.stage.integration.id)
    target = Target(run.elsewhere, run.elsewhere, "")
    outcomes = {
        (name, call): probe(run.principals[name].in_region(run.ELSEWHERE), target, call).allowed
        for name in ("appliance", "access", "untagged")
        for call in ("Decrypt", "DescribeKey")
    }
    tally.CURRENT.asserted += len(outcomes)
    assert {pair for pair, allowed in outcomes.items() if allowed} == {
        ("appliance", "Decrypt"),
        ("appliance", "DescribeKey"),
        ("access", "DescribeKey"),
    }


def test_created_roles_are_handed_over_by_the_documented_steps_and_none_is_deleted(run: ExistingKeys) -> None:
    ((address,),) = [re.findall(r"^terraform state rm '([^']+)'$", ROLES_README.read_text("utf-8"), re.MULTILINE)]
    state = run.terraform.folder / "terraform.tfstate"
    kept, variables = state.read_bytes(), dict(run.terraform.variables)
    try:
        run.terraform.remove_from_state(address)
        assert run.terraform.plan(create_roles=False, external_id=None) == []
    finally:
        state.write_bytes(kept)
        run.terraform.variables = dict(variables)
    # Without the step, the roles would go.
    deleted = {change.address for change in run.terraform.plan(create_roles=False) if change.action == "delete"}
    run.terraform.variables = variables
    assert {f"{address}.aws_iam_role.{role}[0]" for role in ("appliance", "access")} <= deleted


def test_the_plan_warns_of_tags_without_effect(run: ExistingKeys) -> None:
    run.terraform.plan()
    granted = "The tag PlerionAccess = Granted has no effect on {} in the mode ALL_KEYS, which looks for Denied alone"
    assert sorted(warning.split("): ")[1].split(":")[0] for warning in run.terraform.warnings) == [
        "The tag PlerionAccess = Denied does not close isolated-denied",
        granted.format("delegating-granted"),
        granted.format("elsewhere"),
    ]
