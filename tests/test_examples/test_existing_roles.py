"""The example existing-roles: roles without the guide's tags are refused, and two attached modes give the union."""

from __future__ import annotations

import json

import pytest

from harness.access.probes import probe
from harness.aws import tally
from harness.aws.principals import role_arn
from harness.examples.run import ExampleRun
from harness.examples.special import ExistingRoles
from harness.terraform.runner import TerraformError
from plerion_kms.guide import mode_statement

from .examples import Runs

pytestmark = pytest.mark.xdist_group("existing-roles")
TAG = "PlerionApplianceRole"


@pytest.fixture
def run(runs: Runs) -> ExampleRun:
    """The example, applied in SELECTED_KEYS."""
    run = runs.of("existing-roles")
    run.in_mode("SELECTED_KEYS")
    return run


@pytest.mark.parametrize("value", [None, "true"], ids=["no tag", "a tag with another value"])
def test_a_role_without_the_tag_is_refused_and_nothing_changes(run: ExampleRun, value: str | None) -> None:
    iam = run.stage.integration.root.client("iam")
    policies = iam.list_role_policies(RoleName=ExistingRoles.APPLIANCE)["PolicyNames"]
    iam.untag_role(RoleName=ExistingRoles.APPLIANCE, TagKeys=[TAG])
    if value is not None:
        iam.tag_role(RoleName=ExistingRoles.APPLIANCE, Tags=[{"Key": TAG, "Value": value}])
    try:
        with pytest.raises(TerraformError) as caught:
            run.terraform.plan(kms_key_access_mode="ALL_KEYS")
    finally:
        run.terraform.variables["kms_key_access_mode"] = "SELECTED_KEYS"
        iam.tag_role(RoleName=ExistingRoles.APPLIANCE, Tags=[{"Key": TAG, "Value": "True"}])
    message = " ".join(str(caught.value).replace("│", " ").split())
    assert (
        f"The role {ExistingRoles.APPLIANCE} lacks the tag PlerionApplianceRole = True, which key policies match on: "
        "add the tag to the role with exactly this value, or set check_role_tags = false. If the role has it, the "
        "provider's ignore_tags hides it: remove it from there."
    ) in message
    assert iam.list_role_policies(RoleName=ExistingRoles.APPLIANCE)["PolicyNames"] == policies
    document = iam.get_role_policy(RoleName=ExistingRoles.APPLIANCE, PolicyName="PlerionKmsCmkAccess")["PolicyDocument"]
    assert document["Statement"] == [mode_statement("SELECTED_KEYS")]


def test_a_mode_attached_by_the_stack_too_gives_the_union_unless_the_tag_binds(run: ExampleRun) -> None:
    iam = run.stage.integration.root.client("iam")
    appliance, targets = run.principals["appliance"], run.targets[run.stage.integration.id]

    def decrypts() -> dict[str, bool]:
        tally.CURRENT.asserted += 3
        return {key: probe(appliance, targets[key], "Decrypt").allowed for key in ("no-tag", "granted", "denied")}

    assert decrypts() == {"no-tag": False, "granted": True, "denied": False}
    stack = {"Version": "2012-10-17", "Statement": [mode_statement("ALL_KEYS")]}
    iam.put_role_policy(RoleName=ExistingRoles.APPLIANCE, PolicyName="FromTheStack", PolicyDocument=json.dumps(stack))
    try:
        assert decrypts() == {"no-tag": True, "granted": True, "denied": False}
        run.in_mode("SELECTED_KEYS", tag_is_binding=True)
        assert decrypts() == {"no-tag": False, "granted": True, "denied": False}
    finally:
        iam.delete_role_policy(RoleName=ExistingRoles.APPLIANCE, PolicyName="FromTheStack")


@pytest.mark.ci
@pytest.mark.parametrize(
    ("start", "end", "needed"),
    [("inline", "managed", "iam:AttachRolePolicy"), ("managed", "inline", "iam:PutRolePolicy")],
)
def test_a_change_of_form_that_fails_half_way_leaves_the_policy_on_the_role(
    run: ExampleRun, start: str, end: str, needed: str
) -> None:
    iam = run.stage.integration.root.client("iam")
    deployer = role_arn(run.stage.deployer).split("/")[-1]

    def policies() -> dict[str, list[str]]:
        tally.CURRENT.asserted += 2
        role = {"RoleName": ExistingRoles.APPLIANCE}
        attached = iam.list_attached_role_policies(**role)["AttachedPolicies"]
        return {
            "inline": iam.list_role_policies(**role)["PolicyNames"],
            "managed": [policy["PolicyName"] for policy in attached],
        }

    before = {"inline": [], "managed": [], start: ["PlerionKmsCmkAccess"]}
    run.terraform.apply(attach_policy_as=start)
    assert policies() == before
    denied = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": needed, "Resource": "*"}]}
    iam.put_role_policy(RoleName=deployer, PolicyName="Denied", PolicyDocument=json.dumps(denied))
    try:
        with pytest.raises(TerraformError, match=needed):
            run.terraform.apply(attach_policy_as=end)
        assert policies() == before
    finally:
        iam.delete_role_policy(RoleName=deployer, PolicyName="Denied")
    run.terraform.apply(attach_policy_as=end)
    assert policies() == {"inline": [], "managed": [], end: ["PlerionKmsCmkAccess"]}
