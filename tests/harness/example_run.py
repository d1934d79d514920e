"""An example on the stage: applied, switched from mode to mode, destroyed; the principals and keys that go with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Self

from harness import expectations
from harness.cloud import Cloud
from harness.matrix import AccessMatrix, observe
from harness.principals import Principal, role_arn
from harness.probe import Target
from harness.stage import EXTERNAL_ID, PLERION_ACCOUNT, Stage
from harness.terraform import PlannedChange, Terraform

type Changes = list[PlannedChange]


class ExampleRun:
    """One example, applied by the deployer. Use as a context manager; nothing is applied before `in_mode`."""

    def __init__(self, example: str, cloud: Cloud) -> None:
        self.example = example
        self.expectations = expectations.load(example)
        self.stage = Stage(cloud)
        self.mode: str | None = None
        self.outputs: dict[str, Any] = {}
        self.switch: Changes | None = None
        """What the last change of mode planned; None where the mode was never changed."""
        variables = {**self.stage.terraform_variables(), **self.prepare()}
        self.terraform = Terraform.of_example(example, self.stage.deployer.terraform_environment(), variables)
        self._variables: Mapping[str, Any] = {}
        self._principals: dict[str, Principal] = {}
        self._targets: dict[str, dict[str, Target]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.terraform.close()

    def prepare(self) -> Mapping[str, Any]:
        """What has to exist before the example is applied; returns further input variables."""
        return {}

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """What a person does by hand after each apply; returns the outputs, completed."""
        return outputs

    def in_mode(self, mode: str, **variables: Any) -> Changes:
        """Apply the example in that mode, with further input variables, unless it is applied so. Returns what changed.

        Raises TerraformError.
        """
        if self.mode == mode and self._variables == variables:
            return []
        if self.mode is None:
            self.terraform.init()
        for name in self._variables:
            del self.terraform.variables[name]
        self._variables = variables
        applied = self.terraform.apply(kms_key_access_mode=mode, **variables)
        self.outputs = self.complete(applied.outputs)
        if self.mode not in (None, mode):
            self.switch = applied.changes
        self.mode = mode
        return applied.changes

    def matrix(self, only: Iterable[tuple[str, str]] | None = None) -> AccessMatrix:
        """Make the calls of the current mode, or those of the (principal, key) pairs in `only`."""
        assert self.mode is not None, "in_mode comes first"
        return AccessMatrix(tuple(observe(self.expectations, self.mode, self.principals, self.targets, only)))

    @property
    def principals(self) -> dict[str, Principal]:
        """The principals of the expectations, their sessions started once."""
        if not self._principals:
            self._principals = self.stage.principals(self.outputs)
        return self._principals

    @property
    def targets(self) -> dict[str, dict[str, Target]]:
        """The keys of the expectations, as `Stage.targets` gives them, made once."""
        if not self._targets:
            self._targets = self.stage.targets(self.expectations.keys, self.outputs)
        return self._targets

    def destroy(self) -> None:
        """Destroy what was applied; the next `in_mode` applies again."""
        self.terraform.destroy()
        self.mode = None
        self._principals = {}
        self._targets = {}


class ExistingRoles(ExampleRun):
    """The roles are there already: Plerion's CloudFormation stack made them, with its tags and names of its own."""

    APPLIANCE = "plerion-stack-PlerionApplianceRole-1A2B3C"
    ACCESS = "plerion-stack-PlerionAccessRole-4D5E6F"

    def prepare(self) -> Mapping[str, Any]:
        """Make the roles; their names are inputs of the example."""
        account = self.stage.integration
        account.create_role(
            self.APPLIANCE, trusted=[role_arn(self.stage.tester)], tags={"PlerionApplianceRole": "True"}
        )
        account.create_role(
            self.ACCESS,
            trusted=[f"arn:aws:iam::{PLERION_ACCOUNT}:root"],
            trust_condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
            tags={"RolePurpose": "PlerionAccess"},
            allow=["kms:Describe*", "kms:List*", "kms:Get*"],
        )
        return {"appliance_role_name": self.APPLIANCE, "access_role_name": self.ACCESS}

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The ARNs of the roles that were there."""
        arns = {
            f"{role}_role_arn": f"arn:aws:iam::{self.stage.integration.id}:role/{name}"
            for role, name in (("appliance", self.APPLIANCE), ("access", self.ACCESS))
        }
        return {**outputs, **arns}


class DocumentsOnly(ExistingRoles):
    """The example renders documents; a person puts the statement on the role by hand."""

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Put the rendered policy on the appliance role."""
        document = outputs["cmk_access_policy_json"]
        json.loads(document)
        self.stage.integration.root.client("iam").put_role_policy(
            RoleName=self.APPLIANCE, PolicyName="PlerionKmsCmkAccess", PolicyDocument=document
        )
        return super().complete(outputs)


RUNS: Mapping[str, type[ExampleRun]] = {"existing-roles": ExistingRoles, "documents-only": DocumentsOnly}


def run_of(example: str, cloud: Cloud) -> ExampleRun:
    """The run for the example of that name. Raises HarnessError where there is no such example."""
    return RUNS.get(example, ExampleRun)(example, cloud)
