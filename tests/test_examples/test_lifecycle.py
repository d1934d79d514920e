"""Each example from first plan to destroy, and what changes on the way."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from harness.access.probes import probe
from harness.aws import tally
from harness.examples.run import ExampleRun
from harness.terraform.runner import PlannedChange

from .examples import CALLED_IN_CI_ALONE, EXAMPLES, Runs

# The one resource that a switch of the mode updates, or none where a person puts the document in place.
SWITCHED = {
    "all-keys": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_role_policy.this[0]"],
    "cross-account-key": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_role_policy.this[0]"],
    "documents-only": [],
    "ebs-on-isolated-key": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_role_policy.this[0]"],
    "existing-keys": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_role_policy.this[0]"],
    "existing-roles": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_role_policy.this[0]"],
    "hardened-key": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_policy.this[0]"],
    "isolated-key": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_role_policy.this[0]"],
    "many-accounts": ["ApplianceCmkAccess", "ApplianceCmkAccess"],
    "many-keys": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_role_policy.this[0]"],
    "organization": ["ApplianceCmkAccess"],
    "selected-keys": ["module.plerion_kms.module.cmk_access.module.policy.aws_iam_role_policy.this[0]"],
}


def of_group(*examples: str, in_ci_alone: Collection[str] = ()) -> list[object]:
    """Parameters that keep an example's tests together on one worker; `in_ci_alone` names those for `.ci/run`."""
    return [
        pytest.param(
            example, marks=[pytest.mark.xdist_group(example), *([pytest.mark.ci] if example in in_ci_alone else [])]
        )
        for example in examples
    ]


@pytest.fixture
def run(request: pytest.FixtureRequest, runs: Runs) -> ExampleRun:
    """The example, applied in whatever mode and with whatever variables the tests before left it."""
    run = runs.of(request.param)
    if run.mode is None:
        run.in_mode(run.expectations.modes[-1])
    return run


@pytest.mark.parametrize("run", of_group(*EXAMPLES, in_ci_alone=["existing-keys"]), indirect=True)
def test_a_second_plan_is_empty(run: ExampleRun) -> None:
    assert run.deployment.plan() == []


@pytest.mark.parametrize("run", of_group(*EXAMPLES, in_ci_alone=dict(CALLED_IN_CI_ALONE)), indirect=True)
def test_a_switch_of_the_mode_updates_one_policy_in_place(run: ExampleRun) -> None:
    if run.switch is None:
        run.in_mode(next(mode for mode in run.expectations.modes if mode != run.mode))
    assert run.switch is not None
    assert run.switch == [PlannedChange(address, "update") for address in SWITCHED[run.example]]


@pytest.mark.parametrize("run", of_group("selected-keys"), indirect=True)
def test_a_tag_changed_after_the_apply_counts_at_once(run: ExampleRun) -> None:
    run.in_mode("SELECTED_KEYS")
    target = run.targets[run.stage.integration.id]["other-value"]
    appliance = run.principals["appliance"]
    kms = run.stage.key_administrator.client("kms")

    def decrypts() -> bool:
        tally.CURRENT.asserted += 1
        return probe(appliance, target, "Decrypt").allowed

    assert not decrypts()
    kms.tag_resource(KeyId=target.key.arn, Tags=[{"TagKey": "PlerionAccess", "TagValue": "Granted"}])
    assert decrypts()
    kms.tag_resource(KeyId=target.key.arn, Tags=[{"TagKey": "PlerionAccess", "TagValue": "Denied"}])
    assert not decrypts()
    kms.tag_resource(KeyId=target.key.arn, Tags=[{"TagKey": "PlerionAccess", "TagValue": "Yes please"}])
    assert not decrypts()


@pytest.mark.ci
@pytest.mark.parametrize(
    "run", of_group("isolated-key", "cross-account-key", in_ci_alone=["cross-account-key"]), indirect=True
)
def test_without_the_additions_the_key_is_closed_again(run: ExampleRun) -> None:
    mode = run.expectations.modes[-1]  # in which both roles may use the key
    run.in_mode(mode)
    target = run.targets[run.stage.integration.id]["example"]

    def outcomes() -> tuple[bool, bool]:
        tally.CURRENT.asserted += 2
        return (
            probe(run.principals["appliance"], target, "Decrypt").allowed,
            probe(run.principals["access"], target, "DescribeKey").allowed,
        )

    assert outcomes() == (True, True)
    assert run.in_mode(mode, grant_plerion_access=False) == [PlannedChange("aws_kms_key.this", "update")]
    assert outcomes() == (False, False)


# The calls of the AWS CLI by which existing-keys gives its keys back have tests of their own, without Terraform.
@pytest.mark.parametrize("run", of_group(*EXAMPLES, in_ci_alone=["existing-keys"]), indirect=True)
def test_destroy_leaves_nothing(run: ExampleRun) -> None:
    run.destroy()
    assert run.deployment.state_addresses() == []
    roles = run.stage.integration.root.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles if role["RoleName"].startswith("PlerionA")] == []
