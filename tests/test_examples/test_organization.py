"""The organization example beyond its `access.yaml`: the StackSet that Terraform plans, and the template's text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.aws import tally
from harness.aws.cloud import EmulatedCloud
from harness.examples.accounts import EXTERNAL_ID, Stage
from harness.examples.run import ExampleRun
from harness.examples.stackset import planned_resources, planned_stack_sets
from harness.terraform.runner import Terraform, TerraformError
from plerion_kms.guide import mode_statement

from .examples import Runs

EXAMPLE = "organization"
pytestmark = pytest.mark.xdist_group(EXAMPLE)

TARGETS = {
    "everywhere": {"organizational_unit_ids": ["r-ab12"]},
    "acquired": {
        "organizational_unit_ids": ["ou-ab12-11112222"],
        "accounts": ["111122223333", "444455556666"],
        "external_id": "another-external-id",
        "kms_key_access_mode": "SELECTED_KEYS",
    },
    "but-suspended": {
        "organizational_unit_ids": ["ou-ab12-33334444", "ou-ab12-55556666"],
        "exclude_accounts": ["777788889999"],
    },
}
FOR_EC2: dict[str, Any] = {
    "hardened": False,
    "appliance_trusted_role_arns": [],
    "permissions_boundary_name": None,
    "audit_trusted_arns": [],
}
FOR_A_SERVICE_ACCOUNT: dict[str, Any] = {
    "appliance_trusted_role_arns": ["arn:aws:iam::111122223333:role/PlerionInstanceProfileRole"],
    "permissions_boundary_name": "Boundary",
    "hardened": True,
    "audit_trusted_arns": ["arn:aws:iam::111122223333:role/Auditor"],
}

OU: dict[str, Any] = {"organizational_unit_ids": ["r-ab12"]}
# Name and target -> what is said about it. OpenTofu says what is wrong with a variable one at a time.
SLIPS: list[tuple[str, dict[str, Any], str]] = [
    ("a", {"organizational_unit_ids": ["Workloads"]}, "use the form ou-ab12-11112222, or r-ab12 for the root."),
    (
        "a",
        {**OU, "accounts": ["1111-2222-3333"]},
        "must hold only AWS account IDs in accounts: use the 12 digits of each, in quotes.",
    ),
    (
        "a",
        {**OU, "exclude_accounts": ["1"]},
        "must hold only AWS account IDs in exclude_accounts: use the 12 digits of each, in quotes.",
    ),
    (
        "a",
        {**OU, "accounts": ["111122223333"], "exclude_accounts": ["444455556666"]},
        "accounts and exclude_accounts in one target: remove exclude_accounts",
    ),
    ("a", {**OU, "exclude_accounts": []}, "an empty accounts or exclude_accounts: add an account"),
    (
        "a",
        {**OU, "kms_key_access_mode": "SOME_KEYS"},
        'only "ALL_KEYS" or "SELECTED_KEYS" as kms_key_access_mode: set it to one of the two',
    ),
    ("d e", OU, "names that a StackSet can have: use at most 100 letters, digits and hyphens"),
]


@pytest.fixture(scope="module")
def terraform(cloud: EmulatedCloud) -> Iterator[Terraform]:
    """The example, initialized."""
    variables = {"external_id": EXTERNAL_ID, "targets": TARGETS}
    environment = Stage(cloud).deployer.terraform_environment()
    with Terraform.of_example(EXAMPLE, environment, variables) as terraform:
        terraform.init()
        yield terraform


@pytest.fixture(scope="module")
def plans(terraform: Terraform) -> dict[str, dict[str, Any]]:
    """The plans, by who assumes the appliance role."""
    return {
        "ec2": terraform.plan_document(**FOR_EC2),
        "service account": terraform.plan_document(**FOR_A_SERVICE_ACCOUNT),
    }


@pytest.fixture
def run(runs: Runs) -> ExampleRun:
    """The template, applied as a stack."""
    run = runs.of(EXAMPLE)
    run.in_mode(run.mode or "ALL_KEYS")
    return run


def test_each_target_gets_what_it_says(plans: dict[str, dict[str, Any]]) -> None:
    stack_sets = planned_stack_sets(plans["ec2"])
    assert {name: stack_set["parameters"] for name, stack_set in stack_sets.items()} == {
        "everywhere": {"ExternalId": EXTERNAL_ID, "KmsKeyAccessMode": "ALL_KEYS"},
        "acquired": {"ExternalId": "another-external-id", "KmsKeyAccessMode": "SELECTED_KEYS"},
        "but-suspended": {"ExternalId": EXTERNAL_ID, "KmsKeyAccessMode": "ALL_KEYS"},
    }
    assert {name: stack_set["name"] for name, stack_set in stack_sets.items()} == {
        "everywhere": "plerion-kms-everywhere",
        "acquired": "plerion-kms-acquired",
        "but-suspended": "plerion-kms-but-suspended",
    }
    assert {stack_set["permission_model"] for stack_set in stack_sets.values()} == {"SERVICE_MANAGED"}
    # With accounts named, nothing is to be rolled out to others of their unit.
    deployed_automatically = {
        name: block["enabled"] for name, stack_set in stack_sets.items() for block in stack_set["auto_deployment"]
    }
    assert deployed_automatically == {"everywhere": True, "acquired": False, "but-suspended": True}

    instances = planned_resources(plans["ec2"], "aws_cloudformation_stack_set_instance")
    deployed = {
        name: (target["organizational_unit_ids"], target["account_filter_type"], target["accounts"] or [])
        for name, instance in instances.items()
        for target in instance["deployment_targets"]
    }
    assert deployed == {
        "everywhere": (["r-ab12"], None, []),
        "acquired": (["ou-ab12-11112222"], "INTERSECTION", ["111122223333", "444455556666"]),
        "but-suspended": (["ou-ab12-33334444", "ou-ab12-55556666"], "DIFFERENCE", ["777788889999"]),
    }


@pytest.mark.parametrize("assumed_by", ["ec2", "service account"])
def test_the_template_is_one(plans: dict[str, dict[str, Any]], assumed_by: str) -> None:
    # Only here, as its import takes a second, in every worker that collects this file.
    from cfnlint.api import lint

    bodies = {stack_set["template_body"] for stack_set in planned_stack_sets(plans[assumed_by]).values()}
    assert len(bodies) == 1
    (body,) = bodies
    assert lint(body) == []
    # CloudFormation takes no longer text unless it is in an S3 bucket.
    assert len(body) <= 51_200


def test_the_template_holds_the_guides_statements(plans: dict[str, dict[str, Any]]) -> None:
    made = template_resources(plans["ec2"])
    assert "ApplianceInstanceProfile" in made
    assert "PermissionsBoundary" not in made["ApplianceRole"]["Properties"]
    condition, all_keys, selected_keys = made["ApplianceCmkAccess"]["Properties"]["PolicyDocument"]["Fn::If"]
    assert condition == "AllKeys"
    assert all_keys["Statement"] == [mode_statement("ALL_KEYS")]
    assert selected_keys["Statement"] == [mode_statement("SELECTED_KEYS")]


def test_the_template_follows_the_options(plans: dict[str, dict[str, Any]]) -> None:
    made = template_resources(plans["service account"])
    assert "ApplianceInstanceProfile" not in made
    for role in ("ApplianceRole", "AccessRole"):
        assert "PermissionsBoundary" in made[role]["Properties"]
    (statement,) = made["ApplianceRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": FOR_A_SERVICE_ACCOUNT["appliance_trusted_role_arns"]}
    _, *by_mode = made["ApplianceCmkAccess"]["Properties"]["PolicyDocument"]["Fn::If"]
    for document in by_mode:
        use, grants, deny = document["Statement"]
        assert "kms:CreateGrant" not in use["Action"]
        assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
        assert deny["Effect"] == "Deny"


def test_the_role_for_the_audit_has_what_the_audit_needs_in_an_account(plans: dict[str, dict[str, Any]]) -> None:
    assert "AuditRole" not in template_resources(plans["ec2"])
    role = template_resources(plans["service account"])["AuditRole"]["Properties"]
    assert role["RoleName"] == "PlerionKmsAudit"
    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"AWS": FOR_A_SERVICE_ACCOUNT["audit_trusted_arns"]}
    assert "PermissionsBoundary" in role
    (policy,) = role["Policies"]
    printed = json.loads(resources.files("plerion_kms.audit").joinpath("permissions.json").read_text(encoding="utf-8"))
    keys, roles, *_ = printed["Statement"]
    assert policy["PolicyDocument"]["Statement"] == [keys, roles]


def template_resources(plan: dict[str, Any]) -> dict[str, Any]:
    """The resources of the planned template."""
    body = next(iter(planned_stack_sets(plan).values()))["template_body"]
    made: dict[str, Any] = json.loads(body)["Resources"]
    return made


@pytest.mark.parametrize(("name", "target", "message"), SLIPS, ids=[message for _, _, message in SLIPS])
def test_a_slip_in_the_targets_is_named(terraform: Terraform, name: str, target: dict[str, Any], message: str) -> None:
    with pytest.raises(TerraformError) as raised:
        terraform.plan(targets={name: target})
    terraform.variables["targets"] = TARGETS
    said = " ".join(str(raised.value).split())
    assert said.count("Invalid value for variable") == 1
    assert message in said


@pytest.mark.parametrize("external_id", [None, "another-external-id"])
def test_the_access_role_opens_with_the_external_id_only(run: ExampleRun, external_id: str | None) -> None:
    tally.CURRENT.asserted += 1
    with pytest.raises(ClientError) as raised:
        run.stage.control_plane.assume(run.outputs["access_role_arn"], external_id=external_id)
    assert raised.value.response["Error"]["Code"] == "AccessDenied"


def test_a_stack_cannot_do_what_its_maker_may_not(run: ExampleRun) -> None:
    # Else the stack of the other tests would prove nothing about what its maker needs.
    stage = run.stage
    maker = stage.integration.session_of_new_role("MayNotMakeRoles", ("cloudformation:*",))
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}}}
    cloudformation = maker.client("cloudformation")
    cloudformation.create_stack(
        StackName="refused", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"], OnFailure="DO_NOTHING"
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    with pytest.raises(Exception, match="CREATE_FAILED"):
        waiter.wait(StackName="refused", WaiterConfig={"Delay": 0.2, "MaxAttempts": 100})
    tally.CURRENT.asserted += 1
    (role,) = cloudformation.describe_stack_resources(StackName="refused")["StackResources"]
    assert "iam:CreateRole" in role["ResourceStatusReason"]
