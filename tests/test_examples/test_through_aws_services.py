"""What an AWS service may do for the appliance on the keys of ebs-on-isolated-key, as IAM's policy simulator says.

No service of the emulator calls KMS on behalf of a principal, so the simulator is given a call of one. It reads the
role's policies itself; the key's policy is given to it.
"""

from __future__ import annotations

import pytest

from harness.aws.simulation import FOR_AWS_RESOURCE, ContextEntry, simulated
from harness.examples.run import ExampleRun

from .examples import Runs

pytestmark = pytest.mark.xdist_group("ebs-on-isolated-key")

EBS = ("kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt", "kms:ReEncryptFrom", "kms:DescribeKey")


@pytest.fixture
def run(runs: Runs) -> ExampleRun:
    """The example, applied in ALL_KEYS."""
    run = runs.of("ebs-on-isolated-key")
    run.in_mode("ALL_KEYS")
    return run


def allowed(run: ExampleRun, key: str, actions: tuple[str, ...], *context: ContextEntry) -> set[str]:
    """Those of the actions that the simulator allows to the appliance role on the key, in that context."""
    arn = run.targets[run.stage.integration.id][key].key.arn
    policy = run.stage.key_administrator.client("kms").get_key_policy(KeyId=arn)["Policy"]
    source = run.outputs["appliance_role_arn"]
    return simulated(run.stage.integration, actions, [arn], context, PolicySourceArn=source, ResourcePolicy=policy)[arn]


def test_ebs_may_grant_where_the_key_policy_says_so(run: ExampleRun) -> None:
    assert allowed(run, "example", EBS, FOR_AWS_RESOURCE) == set(EBS)
    assert allowed(run, "example", EBS) == set(EBS) - {"kms:CreateGrant"}
    guide = {"kms:Decrypt", "kms:ReEncryptFrom", "kms:DescribeKey"}
    assert allowed(run, "guide", EBS, FOR_AWS_RESOURCE) == guide


def test_the_mode_statement_grants_to_aws_services_alone(run: ExampleRun) -> None:
    assert allowed(run, "delegating", EBS, FOR_AWS_RESOURCE) == set(EBS)
    assert allowed(run, "delegating", EBS) == set(EBS) - {"kms:CreateGrant"}
