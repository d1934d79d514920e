"""What an AWS service may do for the appliance on the keys of ebs-on-isolated-key, as IAM's policy simulator says.

No service of the emulator calls KMS for somebody, so the simulator is told that one does. It reads the role's policies
itself; the key's policy is given to it.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness import tally
from harness.example_run import ExampleRun
from harness.probe import probe

from .examples import Runs

pytestmark = pytest.mark.xdist_group("ebs-on-isolated-key")

FOR_AWS_RESOURCE = ("kms:GrantIsForAWSResource", "boolean", "true")
BY_EC2 = ("kms:ViaService", "string", "ec2.us-east-1.amazonaws.com")
BY_S3 = ("kms:ViaService", "string", "s3.us-east-1.amazonaws.com")
EBS = ("kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt", "kms:ReEncryptFrom", "kms:DescribeKey")


@pytest.fixture
def run(runs: Runs) -> ExampleRun:
    """The example, applied in ALL_KEYS."""
    run = runs.of("ebs-on-isolated-key")
    run.in_mode("ALL_KEYS")
    return run


def allowed(run: ExampleRun, key: str, actions: tuple[str, ...], *context: tuple[str, str, str]) -> set[str]:
    """Those of the actions that the simulator allows to the appliance role on the key, in that context."""
    arn = run.targets[run.stage.integration.id][key].key.arn
    policy = run.stage.key_administrator.client("kms").get_key_policy(KeyId=arn)["Policy"]
    answer: dict[str, Any] = run.stage.integration.root.client("iam").simulate_principal_policy(
        PolicySourceArn=run.outputs["appliance_role_arn"],
        ActionNames=list(actions),
        ResourceArns=[arn],
        ResourcePolicy=policy,
        ContextEntries=[
            {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": [value]}
            for name, kind, value in context
        ],
    )
    tally.CURRENT.asserted += 1
    return {result["EvalActionName"] for result in answer["EvaluationResults"] if result["EvalDecision"] == "allowed"}


def test_ebs_may_grant_where_the_key_policy_says_so(run: ExampleRun) -> None:
    assert allowed(run, "example", EBS, FOR_AWS_RESOURCE) == set(EBS)
    assert allowed(run, "example", EBS) == set(EBS) - {"kms:CreateGrant"}
    guide = {"kms:Decrypt", "kms:ReEncryptFrom", "kms:DescribeKey"}
    assert allowed(run, "guide", EBS, FOR_AWS_RESOURCE) == guide


def test_the_mode_statement_grants_to_aws_services_alone(run: ExampleRun) -> None:
    assert allowed(run, "delegating", EBS, FOR_AWS_RESOURCE) == set(EBS)
    assert allowed(run, "delegating", EBS) == set(EBS) - {"kms:CreateGrant"}


def test_limited_to_ec2_nothing_is_left_for_direct_calls_and_other_services(run: ExampleRun) -> None:
    appliance, targets = run.principals["appliance"], run.targets[run.stage.integration.id]
    run.terraform.apply(via_services=["ec2.*.amazonaws.com"])
    try:
        for key in ("example", "delegating"):
            assert allowed(run, key, EBS, FOR_AWS_RESOURCE, BY_EC2) == set(EBS)
            assert allowed(run, key, EBS, FOR_AWS_RESOURCE, BY_S3) == set()
            assert allowed(run, key, EBS, FOR_AWS_RESOURCE) == set()
            assert not probe(appliance, targets[key], "Decrypt").allowed
            tally.CURRENT.asserted += 1
        assert probe(run.principals["access"], targets["example"], "DescribeKey").allowed
    finally:
        run.terraform.apply(via_services=[])
