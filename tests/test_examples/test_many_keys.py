"""The many-keys example beyond its `access.yaml`: what happens to the policies of the keys, and slips in the list."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from botocore.utils import ArnParser

from harness.aws import tally
from harness.examples.accounts import STACK_ACCESS_ROLE, STACK_APPLIANCE_ROLE, create_stack_roles
from harness.examples.special import ManyKeys
from harness.paths import EXAMPLES
from harness.terraform.runner import TerraformError

from .examples import Runs

EXAMPLE = "many-keys"
ADDITIONS = {"Grant PlerionApplianceRole access to decrypt", "Grant PlerionAccessRole to access key metadata"}
pytestmark = pytest.mark.xdist_group(EXAMPLE)


@pytest.fixture
def run(runs: Runs) -> ManyKeys:
    """The example, applied."""
    run = runs.of(EXAMPLE)
    assert isinstance(run, ManyKeys)
    run.in_mode(run.mode or "ALL_KEYS")
    return run


def policies(run: ManyKeys) -> dict[str, dict[str, Any]]:
    """The policies of the keys that are listed with one, as KMS has them."""
    tally.CURRENT.asserted += len(run.policies)
    return {name: json.loads(kms(run, name).get_key_policy(KeyId=run.arns[name])["Policy"]) for name in run.policies}


def kms(run: ManyKeys, name: str) -> Any:
    """KMS in the listed key's Region, as the keys' administrator."""
    return run.stage.key_administrator.in_region(run.arns[name].split(":")[3]).client("kms")


def test_the_additions_follow_what_the_policies_had_and_go_without_a_trace(run: ManyKeys) -> None:
    for name, policy in policies(run).items():
        first, *rest = policy["Statement"]
        assert [first] == run.policies[name]["Statement"]
        assert {statement["Sid"] for statement in rest} == ADDITIONS
    without = run.terraform.plan_document(grant_plerion_access=False)
    run.terraform.variables["grant_plerion_access"] = True
    planned = {
        change["index"]: json.loads(change["change"]["after"]["policy"])
        for change in without["resource_changes"]
        if change["type"] == "aws_kms_key_policy"
    }
    assert planned == run.policies


def test_roles_that_exist_are_looked_up_and_the_recommended_options_reach_the_keys(run: ManyKeys) -> None:
    account = run.stage.integration
    create_stack_roles(account, account.root.arn)
    before = dict(run.terraform.variables)
    try:
        plan = run.terraform.plan_document(
            create_roles=False,
            attach_statement=False,
            external_id=None,
            appliance_role_name=STACK_APPLIANCE_ROLE,
            access_role_name=STACK_ACCESS_ROLE,
            hardened=True,
            allow_ebs_volumes=True,
        )
    finally:
        run.terraform.variables = before
    planned = [change for change in plan["resource_changes"] if "create" in change["change"]["actions"]]
    assert [change["address"] for change in planned] == []
    roles = {
        "PlerionApplianceRole": f"arn:aws:iam::{account.id}:role/{STACK_APPLIANCE_ROLE}",
        "RolePurpose": f"arn:aws:iam::{account.id}:role/{STACK_ACCESS_ROLE}",
    }
    found = {
        (statement["Sid"].split(" to ")[1], tag, tuple(condition["ArnEquals"]["aws:PrincipalArn"]) == (roles[tag],))
        for change in plan["resource_changes"]
        if change["type"] == "aws_kms_key_policy"
        for statement in json.loads(change["change"]["after"]["policy"])["Statement"][1:]
        for condition in [statement["Condition"]]
        for tag in roles
        if f"aws:PrincipalTag/{tag}" in condition["StringEquals"]
    }
    assert found == {
        ("decrypt", "PlerionApplianceRole", True),
        ("make EBS volumes", "PlerionApplianceRole", True),
        ("attach EBS volumes", "PlerionApplianceRole", True),
        ("access key metadata", "RolePurpose", True),
    }


def test_a_policy_is_sent_as_its_size_is_counted(run: ManyKeys) -> None:
    tally.CURRENT.asserted += len(run.policies)
    for name in run.policies:
        sent = kms(run, name).get_key_policy(KeyId=run.arns[name])["Policy"]
        assert len(sent.encode()) == len(run.outputs["key_policies"][name].encode())
        assert "\\u0026" in sent


def test_the_tag_is_set_where_the_list_has_one(run: ManyKeys) -> None:
    tally.CURRENT.asserted += len(run.arns)
    tags = {name: kms(run, name).list_resource_tags(KeyId=arn)["Tags"] for name, arn in run.arns.items()}
    assert tags == {
        "payments-us": [],
        "ledger-us": [],
        "payments-eu": [],
        "reports-eu": [{"TagKey": "PlerionAccess", "TagValue": "Granted"}],
    }


def test_the_list_that_comes_with_the_example_is_sound() -> None:
    folder = EXAMPLES / EXAMPLE
    listed = yaml.safe_load((folder / "keys.yaml").read_text(encoding="utf-8"))
    assert {ArnParser().parse_arn(key["key_arn"])["region"] for key in listed.values()} == {"us-east-1", "eu-west-1"}
    for key in listed.values():
        assert set(key) in ({"key_arn", "policy"}, {"key_arn", "tag"})
        if "policy" in key:
            assert json.loads((folder / key["policy"]).read_text(encoding="utf-8"))["Statement"]


def test_slips_in_the_list_are_named_with_the_fix(run: ManyKeys) -> None:
    text = run.keys_file.read_text(encoding="utf-8")
    listed = yaml.safe_load(text)
    arn = listed["payments-us"]["key_arn"]
    listed["elsewhere"] = {"key_arn": arn.replace("us-east-1", "ap-southeast-2")}
    listed["alias"] = {"key_arn": "alias/payments"}
    listed["typo"] = {"key_arn": arn[:-1] + "x", "tags": "Granted"}
    twice = f"payments-us: {{key_arn: {arn}, tag: Denied}}\n"
    run.keys_file.write_text(twice + yaml.safe_dump(listed), encoding="utf-8")
    try:
        with pytest.raises(TerraformError) as raised:
            run.terraform.plan()
    finally:
        run.keys_file.write_text(text, encoding="utf-8")
    message = " ".join(str(raised.value).split())
    assert (
        "Regions that this configuration does not cover (ap-southeast-2): add a provider and a module call" in message
    )
    assert "a KMS key ARN for alias: set key_arn to the form arn:aws:kms:" in message
    assert (
        "The list of keys has payments-us twice, but only one would take effect: rename or remove the other." in message
    )
    assert "only key_arn, policy and tag for typo: rename or remove the rest." in message
