"""The example existing-keys: what it sets on keys that were there before, and what it warns of."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from harness.access.probes import Target, probe
from harness.aws import tally
from harness.aws.principals import Principal, role_arn
from harness.examples.special import ExistingKeys
from harness.paths import MODULES
from harness.terraform.runner import TerraformError
from plerion_kms.guide import cross_account_additions, same_account_additions

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


def policy_text(run: ExistingKeys, key: str) -> str:
    """The key's policy as KMS has it now."""
    tally.CURRENT.asserted += 1
    policy: str = run.stage.key_administrator.client("kms").get_key_policy(KeyId=run.key_arns[key])["Policy"]
    return policy


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


@pytest.mark.ci
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


def without(keys: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The keys but for those names."""
    return {name: key for name, key in keys.items() if name not in names}


@pytest.mark.ci
def test_where_the_cli_fails_nothing_is_opened(run: ExistingKeys) -> None:
    keys = run.terraform.variables["keys"]
    before = policy_text(run, "isolated")
    with run.without_profiles(), pytest.raises(TerraformError) as caught:
        run.terraform.apply(keys=without(keys, "isolated", "isolated-denied"))
    assert policy_text(run, "isolated") == before
    assert tags(run, "isolated-denied")["PlerionAccess"] == "Denied"
    message = " ".join(str(caught.value).split())
    assert f"could not put the given policy on {run.key_arns['isolated']}. So nothing was opened" in message
    assert "IS OPEN" not in message
    run.terraform.apply(keys=keys)
    assert run.terraform.plan() == []


@pytest.mark.ci
def test_where_a_principal_was_deleted_nothing_is_opened_until_the_policy_is_corrected(run: ExistingKeys) -> None:
    keys = run.terraform.variables["keys"]
    arn = run.stage.integration.create_role("Auditor", trusted=[run.stage.integration.operator.arn])
    auditor = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:DescribeKey", "Resource": "*"}
    given = json.loads(keys["isolated"]["policy_json"])
    with_auditor = {**given, "Statement": [*given["Statement"], auditor]}
    run.terraform.apply(keys={**keys, "isolated": {**keys["isolated"], "policy_json": json.dumps(with_auditor)}})
    run.stage.integration.root.client("iam").delete_role(RoleName="Auditor")
    before = policy_text(run, "isolated")
    with pytest.raises(TerraformError) as caught:
        run.terraform.apply(keys=without(keys, "isolated"))
    assert policy_text(run, "isolated") == before
    message = " ".join(str(caught.value).split())
    assert "invalid principals" in message
    assert "So nothing was opened" in message
    run.terraform.apply(keys=keys)
    assert statements(run.stage.key_administrator, run.key_arns["isolated"]) == same_account_additions()
    run.terraform.apply(keys=without(keys, "isolated"))
    assert statements(run.stage.key_administrator, run.key_arns["isolated"]) == []
    run.terraform.apply(keys=keys)


def test_another_key_under_a_name_replaces_what_was_set(run: ExistingKeys) -> None:
    keys = run.terraform.variables["keys"]
    one, other = keys["isolated"], keys["isolated-closed"]
    swapped = {
        "isolated": {**one, "key_arn": other["key_arn"]},
        "isolated-closed": {**other, "key_arn": one["key_arn"]},
    }
    changes = run.terraform.plan(keys={**keys, **swapped})
    run.terraform.variables["keys"] = keys
    assert {change.address: change.action for change in changes} == {
        f'module.keys.{resource}["{name}"]': action
        for resource, action in (
            ("aws_kms_key_policy.this", "replace"),
            ("terraform_data.restore", "replace"),
            ("terraform_data.try_restore", "replace"),
            ("terraform_data.key_arn", "update"),
            ("terraform_data.replace_key_policy", "update"),
        )
        for name in swapped
    }


@pytest.mark.ci
def test_the_old_key_gets_its_policy_back_and_the_other_key_the_additions(run: ExistingKeys) -> None:
    keys = run.terraform.variables["keys"]
    owner = run.stage.key_administrator
    old, other = run.key_arns["isolated"], run.key_arns["isolated-closed"]
    run.terraform.apply(keys=without(keys, "isolated-closed"))
    moved = {"isolated": {**keys["isolated"], "key_arn": other}}
    run.terraform.apply(keys={**without(keys, "isolated-closed"), **moved})
    assert statements(owner, old) == []
    assert statements(owner, other) == same_account_additions()
    run.terraform.apply(keys=without(keys, "isolated", "isolated-closed"))
    run.terraform.apply(keys=keys)
    assert statements(owner, old) == same_account_additions()
    assert statements(owner, other) == []
    assert run.terraform.plan() == []


def test_a_state_of_an_earlier_version_replaces_no_policy_and_updates_none_of_another_key(run: ExistingKeys) -> None:
    keys = run.terraform.variables["keys"]
    isolated, closed = keys["isolated"], run.key_arns["isolated-closed"]
    added = {f'module.keys.terraform_data.{each}["isolated"]' for each in ("key_arn", "replace_key_policy")}
    state = run.terraform.folder / "terraform.tfstate"
    kept = state.read_bytes()
    try:
        for address in added:
            run.terraform.remove_from_state(address)
        assert {(change.address, change.action) for change in run.terraform.plan()} == {
            (address, "create") for address in added
        }
        with pytest.raises(TerraformError) as caught:
            run.terraform.plan(
                keys={**without(keys, "isolated-closed"), "isolated": {**isolated, "key_arn": closed}},
            )
    finally:
        state.write_bytes(kept)
        run.terraform.variables["keys"] = keys
    message = " ".join(str(caught.value).split())
    assert f"The state has the policy of the key {run.key_arns['isolated'].split('/')[1]} under isolated" in message
    assert f"import it again with the ID {closed.split('/')[1]}." in message


def test_a_policy_that_is_known_after_the_apply_alone_plans(run: ExistingKeys) -> None:
    keys = run.terraform.variables["keys"]
    unknown = "${terraform_data.policy.output}"
    more = {
        "resource": {"terraform_data": {"policy": {"input": keys["isolated"]["policy_json"].replace("${", "$${")}}},
        "module": {
            "unknown": {
                "source": "../../modules/key-access",
                "providers": {"aws": "aws.keys"},
                "keys": {
                    "policy": {"key_arn": run.key_arns["isolated"], "policy_json": unknown},
                    "both": {
                        "key_arn": run.key_arns["isolated-denied"],
                        "policy_json": unknown,
                        "plerion_access_tag": "Denied",
                        "set_policy": True,
                    },
                    "tag": {"key_arn": run.key_arns["delegating-denied"], "plerion_access_tag": "Denied"},
                },
            }
        },
    }
    file = run.terraform.folder / "unknown.tf.json"
    file.write_text(json.dumps(more), encoding="utf-8")
    try:
        run.terraform.init()
        planned = run.terraform.plan()
    finally:
        file.unlink()
    assert {change.address for change in planned if ".aws_kms_key_policy." in change.address} == {
        'module.unknown.aws_kms_key_policy.this["policy"]',
        'module.unknown.aws_kms_key_policy.this["both"]',
    }


def test_the_plan_warns_of_tags_without_effect(run: ExistingKeys) -> None:
    run.terraform.plan()
    granted = "The tag PlerionAccess = Granted has no effect on {} in the mode ALL_KEYS, which checks only for Denied"
    assert sorted(warning.split("): ")[1].split(":")[0] for warning in run.terraform.warnings) == [
        (
            "The tag PlerionAccess = Denied does not block isolated-denied, because the additions in the key policy "
            "grant access on their own"
        ),
        granted.format("delegating-granted"),
        granted.format("elsewhere"),
    ]
