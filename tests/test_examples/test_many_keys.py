"""The many-keys example beyond its `access.yaml`: what happens to the policies of the keys, and slips in the list."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from harness import tally
from harness.example_run import ManyKeys
from harness.terraform import Terraform, TerraformError

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
    """The listed keys' policies, as KMS has them."""
    administrator = run.stage.key_administrator
    tally.CURRENT.asserted += len(run.arns)
    return {
        name: json.loads(administrator.in_region(name.split("/")[0]).client("kms").get_key_policy(KeyId=arn)["Policy"])
        for name, arn in run.arns.items()
    }


def test_the_additions_follow_what_the_policies_had_and_go_without_a_trace(run: ManyKeys) -> None:
    applied = policies(run)
    for name, policy in applied.items():
        first, *rest = policy["Statement"]
        assert [first] == run.policies[name]["Statement"]
        assert {statement["Sid"] for statement in rest} == ADDITIONS
    assert isinstance(run.terraform, Terraform)
    without = run.terraform.plan_document(grant_plerion_access=False)
    run.terraform.variables["grant_plerion_access"] = True
    planned = {
        change["index"]: json.loads(change["change"]["after"]["policy"])
        for change in without["resource_changes"]
        if change["type"] == "aws_kms_key_policy"
    }
    assert planned == run.policies


def test_a_region_that_is_not_covered_is_named(run: ManyKeys) -> None:
    text = run.keys_file.read_text(encoding="utf-8")
    listed = yaml.safe_load(text)
    listed["ap-southeast-2"] = listed["us-east-1"]
    run.keys_file.write_text(yaml.safe_dump(listed), encoding="utf-8")
    try:
        with pytest.raises(TerraformError) as raised:
            run.terraform.plan()
    finally:
        run.keys_file.write_text(text, encoding="utf-8")
    message = " ".join(str(raised.value).split())
    assert "Regions that this configuration does not cover (ap-southeast-2): add a provider" in message
