"""An example on the stage: applied, switched from mode to mode, destroyed; the principals and keys that go with it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, Self

import yaml

from harness import expectations
from harness.cloud import Cloud
from harness.keys import Key, KeyDescription, create_key
from harness.matrix import AccessMatrix, observe
from harness.principals import Principal, role_arn
from harness.probe import Target
from harness.stack import STACK_ALLOW, Stack
from harness.stage import DEPLOYER_ALLOW, EXTERNAL_ID, PLERION_ACCOUNT, Stage
from harness.terraform import Applied, PlannedChange, Terraform

type Changes = list[PlannedChange]


class Deployment(Protocol):
    """What applies an example: Terraform, or what stands in its place; the methods are those of `Terraform`."""

    def init(self) -> None: ...
    def plan(self, **variables: Any) -> Changes: ...
    def apply(self, **variables: Any) -> Applied: ...
    def state_addresses(self) -> list[str]: ...
    def destroy(self) -> None: ...
    def close(self) -> None: ...


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
        self.terraform = self.deployment(
            Terraform.of_example(example, self.stage.deployer.terraform_environment(), variables)
        )
        self._principals: dict[str, Principal] = {}
        self._targets: dict[str, dict[str, Target]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.terraform.close()

    def prepare(self) -> Mapping[str, Any]:
        """What has to exist before the example is applied; returns further input variables."""
        return {}

    def deployment(self, terraform: Terraform) -> Deployment:
        """What applies the example."""
        return terraform

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """What a person does by hand after each apply; returns the outputs, completed."""
        return outputs

    def in_mode(self, mode: str) -> None:
        """Apply the example in that mode, unless it is. Raises TerraformError."""
        if self.mode == mode:
            return
        if self.mode is None:
            self.terraform.init()
        applied = self.terraform.apply(kms_key_access_mode=mode)
        self.outputs = self.complete(applied.outputs)
        if self.mode is not None:
            self.switch = applied.changes
        self.mode = mode

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


class Organization(ExampleRun):
    """A StackSet rolls the roles out; its template is applied as the stack that it makes in each account."""

    def prepare(self) -> Mapping[str, Any]:
        """One unit, with the common external id and mode."""
        return {"targets": {"workloads": {"organizational_unit_ids": ["ou-ab12-11112222"]}}}

    def deployment(self, terraform: Terraform) -> Deployment:
        """The stack, made by a role of the account as StackSets has one in each."""
        allow = (*DEPLOYER_ALLOW, *STACK_ALLOW)
        return Stack(terraform, self.stage.integration.session_of_new_role("StackSetsExecution", allow))

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The roles' ARNs under the names that the stage knows."""
        return {"appliance_role_arn": outputs["ApplianceRoleArn"], "access_role_arn": outputs["AccessRoleArn"]}


class ManyKeys(ExampleRun):
    """The keys are there already, in two Regions; a list names them and the files with their policies."""

    LISTED = ("us-east-1/payments", "us-east-1/ledger", "eu-west-1/payments")

    def prepare(self) -> Mapping[str, Any]:
        """Make the keys and write the list."""
        self.arns = {name: self._key(region=name.split("/")[0]).arn for name in self.LISTED}
        self._folder = tempfile.TemporaryDirectory(prefix="plerion-kms-keys-")
        folder = Path(self._folder.name)
        listed: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        for number, (name, arn) in enumerate(self.arns.items()):
            region, short = name.split("/")
            kms = self.stage.key_administrator.in_region(region).client("kms")
            policy = kms.get_key_policy(KeyId=arn)["Policy"]
            self.policies[name] = json.loads(policy)
            (folder / f"{number}.json").write_text(policy, encoding="utf-8")
            listed.setdefault(region, {})[short] = {"key_id": arn.rpartition("/")[2], "policy": f"{number}.json"}
        self.keys_file = folder / "keys.yaml"
        self.keys_file.write_text(yaml.safe_dump(listed), encoding="utf-8")
        return {"keys_file": str(self.keys_file)}

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The keys' ARNs under their names in the list."""
        return {**outputs, **self.arns}

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._folder.cleanup()

    def _key(self, region: str) -> Key:
        description = KeyDescription(region=region, policy=("names its administrator",))
        return create_key(self.stage.key_administrator, description, self.stage.integration.id)


RUNS: Mapping[str, type[ExampleRun]] = {
    "documents-only": DocumentsOnly,
    "existing-roles": ExistingRoles,
    "many-keys": ManyKeys,
    "organization": Organization,
}


def run_of(example: str, cloud: Cloud) -> ExampleRun:
    """The run for the example of that name. Raises HarnessError where there is no such example."""
    return RUNS.get(example, ExampleRun)(example, cloud)
