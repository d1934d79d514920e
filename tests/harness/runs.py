"""The run of each example: most take the common one, some need roles, keys, a profile or a stack as well."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from harness.cloud import Cloud
from harness.example_run import ExampleRun
from harness.keys import KeyDescription, create_key
from harness.principals import Principal, role_arn
from harness.probe import Target
from harness.stack import STACK_ALLOW, Stack
from harness.stage import DEPLOYER_ALLOW, STACK_ACCESS_ROLE, STACK_APPLIANCE_ROLE, create_stack_roles
from harness.terraform import Terraform


class ExistingRoles(ExampleRun):
    """The roles are there already: Plerion's CloudFormation stack made them, with its tags and names of its own."""

    APPLIANCE = STACK_APPLIANCE_ROLE
    ACCESS = STACK_ACCESS_ROLE

    def prepare(self) -> Mapping[str, Any]:
        """Make the roles; their names are inputs of the example."""
        create_stack_roles(self.stage.integration, role_arn(self.stage.tester))
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
        """Put the rendered policies on the roles."""
        iam = self.stage.integration.root.client("iam")
        for role, output in ((self.APPLIANCE, "cmk_access_policy_json"), (self.ACCESS, "metadata_policy_json")):
            iam.put_role_policy(RoleName=role, PolicyName="Rendered", PolicyDocument=outputs[output])
        return super().complete(outputs)


class Organization(ExampleRun):
    """A StackSet rolls the roles out; its template is applied as the stack that it makes in each account."""

    def prepare(self) -> Mapping[str, Any]:
        """One unit, with the common external id and mode."""
        return {"targets": {"workloads": {"organizational_unit_ids": ["ou-ab12-11112222"]}}}

    def terraform_with(self, variables: Mapping[str, Any]) -> Terraform:
        """The stack, made by a role of the account as StackSets has one in each."""
        allow = (*DEPLOYER_ALLOW, *STACK_ALLOW)
        stack = Stack.of_example(self.example, self.environment(), variables)
        stack.made_by = self.stage.integration.session_of_new_role("StackSetsExecution", allow)
        return stack

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The roles' ARNs under the names that the stage knows."""
        return {"appliance_role_arn": outputs["ApplianceRoleArn"], "access_role_arn": outputs["AccessRoleArn"]}


class WithCli(ExampleRun):
    """The example calls the AWS CLI, as the administrator of the keys."""

    def environment(self) -> dict[str, str]:
        """With the AWS CLI of this Python environment, and a profile for each account's administrator."""
        self._tools = tempfile.TemporaryDirectory(prefix="plerion-kms-tools-")
        folder = Path(self._tools.name)
        own, elsewhere = self.stage.key_administrator, self.stage.other_key_administrator
        (folder / "config").write_text(_profile("own", own) + _profile("elsewhere", elsewhere), encoding="utf-8")
        # The environment's own script names its interpreter in a way that fails where a folder's name has a space.
        python = Path(sys.executable)
        aws = folder / "aws"
        aws.write_text(f'#!/bin/sh\nexec {shlex.join([str(python), str(python.with_name("aws"))])} "$@"\n')
        aws.chmod(0o755)
        return {
            **super().environment(),
            "AWS_CONFIG_FILE": str(folder / "config"),
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        }

    @contextmanager
    def without_profiles(self) -> Iterator[None]:
        """The AWS CLI finds none of its profiles, so that each of its calls fails."""
        file = Path(self._tools.name) / "config"
        text = file.read_text(encoding="utf-8")
        file.write_text("", encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(text, encoding="utf-8")

    def __exit__(self, *exception: object) -> None:
        self._tools.cleanup()
        super().__exit__(*exception)


def _profile(name: str, administrator: Principal) -> str:
    """A profile of the AWS CLI that assumes the administrator's role."""
    return f"[profile {name}]\nrole_arn = {role_arn(administrator)}\ncredential_source = Environment\n"


class ManyKeys(WithCli):
    """The keys are there already, in two Regions; a list names them and the files with their policies."""

    LISTED: Mapping[str, KeyDescription] = {
        "payments-us": KeyDescription(policy=("names its administrator",)),
        "ledger-us": KeyDescription(policy=("names its administrator",)),
        "payments-eu": KeyDescription(policy=("names its administrator",), region="eu-west-1"),
        "reports-eu": KeyDescription(region="eu-west-1"),
    }
    TAGS: Mapping[str, str] = {"reports-eu": "Granted"}

    def prepare(self) -> Mapping[str, Any]:
        """Make the keys and write the list."""
        administrator = self.stage.key_administrator
        self.arns: dict[str, str] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="plerion-kms-keys-")
        self.keys_file = Path(self._folder.name) / "keys.yaml"
        listed: dict[str, dict[str, str]] = {}
        for name, description in self.LISTED.items():
            arn = self.arns[name] = create_key(administrator, description, self.stage.integration.id).arn
            listed[name] = {"key_arn": arn}
            if name in self.TAGS:
                listed[name]["tag"] = self.TAGS[name]
                continue
            kms = administrator.in_region(description.region).client("kms")
            # With signs that Terraform's provider sends as six bytes each.
            self.policies[name] = {"Id": "Payments & <ledger>", **json.loads(kms.get_key_policy(KeyId=arn)["Policy"])}
            policy = json.dumps(self.policies[name])
            kms.put_key_policy(KeyId=arn, Policy=policy)
            (self.keys_file.parent / f"{name}.json").write_text(policy, encoding="utf-8")
            listed[name]["policy"] = f"{name}.json"
        self.keys_file.write_text(yaml.safe_dump(listed), encoding="utf-8")
        return {"keys_file": str(self.keys_file), "cli_profile": "own"}

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The keys' ARNs under their names in the list."""
        return {**outputs, **self.arns}

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._folder.cleanup()


class ExistingKeys(WithCli):
    """The keys are there already; the example changes their policies and tags.

    elsewhere: one more key, of the other account and in another Region.
    """

    # By key: what the example is told about it beside its ARN. The policy of a key that is not to keep it is asked for.
    KEYS: Mapping[str, Mapping[str, Any]] = {
        "delegating-denied": {"plerion_access_tag": "Denied"},
        "delegating-granted": {"plerion_access_tag": "Granted"},
        "isolated": {"grant_plerion_access": True},
        "isolated-denied": {"grant_plerion_access": True, "plerion_access_tag": "Denied"},
        "isolated-closed": {"grant_plerion_access": False},
    }
    ELSEWHERE = "eu-west-1"

    def prepare(self) -> Mapping[str, Any]:
        """Make the keys; they are inputs of the example."""
        self._made = self.stage.targets(self.expectations.keys, {})
        own, other = self.stage.key_administrator, self.stage.other_key_administrator.in_region(self.ELSEWHERE)
        self.key_arns = {name: target.key.arn for name, target in self._made[own.account].items()}
        self.elsewhere = create_key(
            other, KeyDescription(policy=("names its administrator",), region=self.ELSEWHERE), own.account
        )
        granted = {"grant_plerion_access": True, "plerion_access_tag": "Granted"}
        return {
            "keys": {name: _input(own, self.key_arns[name], wanted) for name, wanted in self.KEYS.items()},
            "keys_elsewhere": {"elsewhere": _input(other, self.elsewhere.arn, granted)},
            "cli_profile": "own",
            "cli_profile_elsewhere": "elsewhere",
        }

    @property
    def targets(self) -> dict[str, dict[str, Target]]:
        """The keys that were there before; they stay, also when the example is destroyed."""
        return self._made


def _input(owner: Principal, arn: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A key as modules/key-access takes it; its policy only where the example is to merge into it."""
    given = {"key_arn": arn, **wanted}
    if "grant_plerion_access" in wanted:
        given["policy_json"] = owner.client("kms").get_key_policy(KeyId=arn)["Policy"]
    return given


RUNS: Mapping[str, type[ExampleRun]] = {
    "documents-only": DocumentsOnly,
    "existing-keys": ExistingKeys,
    "existing-roles": ExistingRoles,
    "many-keys": ManyKeys,
    "organization": Organization,
}


def run_of(example: str, cloud: Cloud) -> ExampleRun:
    """The run for the example of that name. Raises HarnessError where there is no such example."""
    return RUNS.get(example, ExampleRun)(example, cloud)
