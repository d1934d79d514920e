"""The run of each example: most take the common one, some need roles, keys, a profile or a stack as well."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from harness.access.matrix import AccessMatrix, observe
from harness.aws.cloud import Cloud
from harness.aws.keys import KeyDescription, create_key
from harness.aws.principals import Account, Principal, role_arn
from harness.errors import HarnessError
from harness.examples.accounts import (
    DEPLOYER_ALLOW,
    STACK_ACCESS_ROLE,
    STACK_APPLIANCE_ROLE,
    Stage,
    Targets,
    create_stack_roles,
)
from harness.examples.deployment import Deployment, InOrder
from harness.examples.run import ExampleRun
from harness.examples.stackset import STACK_ALLOW, Stack


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

    TARGETS: Mapping[str, Any] = {"targets": {"workloads": {"organizational_unit_ids": ["ou-ab12-11112222"]}}}

    def prepare(self) -> Mapping[str, Any]:
        """One unit, with the common external id and mode."""
        return self.TARGETS

    def deploy(self, variables: Mapping[str, Any]) -> Deployment:
        """The stack, made by a role of the account as StackSets has one in each."""
        return Stack(self.start_terraform(self.example, variables), stack_maker(self.stage.integration))

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The roles' ARNs under the names that the stage knows."""
        return {"appliance_role_arn": outputs["ApplianceRoleArn"], "access_role_arn": outputs["AccessRoleArn"]}


def stack_maker(account: Account) -> Principal:
    """The role of an account with which StackSets makes the stack there."""
    return account.session_of_new_role("StackSetsExecution", (*DEPLOYER_ALLOW, *STACK_ALLOW))


class WithCli(ExampleRun):
    """The example calls the AWS CLI, as the administrator of the keys."""

    def prepare(self) -> Mapping[str, Any]:
        """Make a command `aws` of this Python environment, and a profile for each account's administrator."""
        own, elsewhere = self.stage.key_administrator, self.stage.other_key_administrator
        profiles = _profile("own", own) + _profile("elsewhere", elsewhere)
        self._configuration.write_text(profiles, encoding="utf-8")
        # The environment's own script names its interpreter in a way that fails if a folder's name has a space.
        python = Path(sys.executable)
        aws = self.folder / "aws"
        aws.write_text(f'#!/bin/sh\nexec {shlex.join([str(python), str(python.with_name("aws"))])} "$@"\n')
        aws.chmod(0o755)
        return {}

    def environment(self) -> dict[str, str]:
        """With the AWS CLI and its profiles."""
        return {
            **super().environment(),
            "AWS_CONFIG_FILE": str(self._configuration),
            "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}",
        }

    @contextmanager
    def without_profiles(self) -> Iterator[None]:
        """The AWS CLI finds none of its profiles, so that each of its calls fails."""
        text = self._configuration.read_text(encoding="utf-8")
        self._configuration.write_text("", encoding="utf-8")
        try:
            yield
        finally:
            self._configuration.write_text(text, encoding="utf-8")

    @property
    def _configuration(self) -> Path:
        return self.folder / "config"


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
        super().prepare()
        administrator = self.stage.key_administrator
        self.arns: dict[str, str] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.keys_file = self.folder / "keys.yaml"
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
            (self.folder / f"{name}.json").write_text(policy, encoding="utf-8")
            listed[name]["policy"] = f"{name}.json"
        self.keys_file.write_text(yaml.safe_dump(listed), encoding="utf-8")
        return {"keys_file": str(self.keys_file), "cli_profile": "own"}

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The keys' ARNs under their names in the list."""
        return {**outputs, **self.arns}


class ExistingKeys(WithCli):
    """The keys are there already; the example changes their policies and tags.

    elsewhere: one more key, of the other account and in another Region.
    """

    # Per key: the inputs besides its ARN. The current policy is fetched for keys whose policy the example changes.
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
        super().prepare()
        self._made = self.stage.targets(self.expectations.keys, {})
        own, other = self.stage.key_administrator, self.stage.other_key_administrator.in_region(self.ELSEWHERE)
        self.key_arns = {name: target.key.arn for name, target in self._made[own.account].items()}
        missing = ", ".join(sorted(self.KEYS.keys() - self.key_arns.keys()))
        if missing:
            raise HarnessError(
                f"examples/{self.example}/access.yaml lacks keys that the example changes: add {missing}."
            )
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
    def targets(self) -> Targets:
        """The keys that were there before; they stay, also when the example is destroyed."""
        return self._made


def _input(owner: Principal, arn: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A key as modules/key-access takes it; its policy only where the example is to merge into it."""
    given = {"key_arn": arn, **wanted}
    if "grant_plerion_access" in wanted:
        given["policy_json"] = owner.client("kms").get_key_policy(KeyId=arn)["Policy"]
    return given


class ManyAccounts(WithCli):
    """Two accounts: the organization example's roles in both, and keys that are there already, in two Regions of each.

    stages: on the first, one account is the integration's; on the second, the other is. made: the keys, by stage.
    accounts: this example's Terraform, by stage.
    """

    # By key: what the list of its account says about it. The others are not listed.
    LISTED: Mapping[str, tuple[str, ...]] = {
        "us-isolated": ("policy",),
        "eu-isolated": ("policy", "tag"),
    }
    # By the name that the expectations have for a key of the other account: its name there.
    OF_THE_OTHER: Mapping[str, str] = {"other-isolated": "eu-isolated", "other-delegating": "us-delegating"}

    def prepare(self) -> Mapping[str, Any]:
        """Make the keys and write the list of accounts."""
        super().prepare()
        self.stages = (self.stage, self.stage.exchanged())
        self.accounts_file = self.folder / "accounts.yaml"
        accounts, own = {}, []
        for stage, profile in zip(self.stages, ("own", "elsewhere"), strict=True):
            described = {name: key for name, key in self.expectations.keys.items() if name not in self.OF_THE_OTHER}
            own.append(stage.targets(described, {}))
            accounts[stage.integration.id] = {
                "key_administrator_role_arn": role_arn(stage.key_administrator),
                "cli_profile": profile,
                "keys": {name: self._listed(stage, own[-1], name) for name in self.LISTED},
            }
        self.made = [self._with_those_of_the_other(*pair) for pair in (own, own[::-1])]
        self.accounts_file.write_text(yaml.safe_dump(accounts), encoding="utf-8")
        trusted = [role_arn(stage.tester) for stage in self.stages]
        return {"accounts_file": str(self.accounts_file), "hardened": True, "appliance_trusted_role_arns": trusted}

    def _listed(self, stage: Stage, targets: Targets, name: str) -> dict[str, str]:
        key = targets[stage.integration.id][name].key
        listed = {"key_arn": key.arn}
        if "tag" in self.LISTED[name]:
            listed["tag"] = "Granted"
        if "policy" in self.LISTED[name]:
            kms = stage.key_administrator.in_region(key.region).client("kms")
            listed["policy"] = f"{stage.integration.id}-{name}.json"
            policy = kms.get_key_policy(KeyId=key.arn)["Policy"]
            (self.folder / listed["policy"]).write_text(policy, encoding="utf-8")
        return listed

    def _with_those_of_the_other(self, own: Targets, others: Targets) -> Targets:
        return {
            caller: {**keys, **{name: others[caller][there] for name, there in self.OF_THE_OTHER.items()}}
            for caller, keys in own.items()
        }

    def deploy(self, variables: Mapping[str, Any]) -> Deployment:
        """The organization's stacks, then this example once for each account."""
        organization = self.start_terraform("organization", {**variables, **Organization.TARGETS})
        self.accounts = [
            self.start_terraform(self.example, {**variables, "account_id": stage.integration.id})
            for stage in self.stages
        ]
        stacks = [Stack(organization, stack_maker(stage.integration)) for stage in self.stages]
        return InOrder([*stacks, *self.accounts])

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """The roles' ARNs in the first account."""
        return self.role_arns(self.stage)

    @staticmethod
    def role_arns(stage: Stage) -> dict[str, Any]:
        """The roles' ARNs in the account that is the integration's on that stage, as outputs."""
        names = {"appliance": "PlerionApplianceRole", "access": "PlerionAccessRole"}
        return {f"{role}_role_arn": f"arn:aws:iam::{stage.integration.id}:role/{name}" for role, name in names.items()}

    @property
    def targets(self) -> Targets:
        """The keys as the first account sees them; they stay, also when the example is destroyed."""
        return self.made[0]

    def matrix_of_the_other_account(self) -> AccessMatrix:
        """Make the calls of the current mode with the accounts exchanged."""
        assert self.mode is not None, "in_mode comes first"
        stage = self.stages[1]
        principals = stage.principals(self.role_arns(stage))
        return AccessMatrix(tuple(observe(self.expectations, self.mode, principals, self.made[1])))


RUNS: Mapping[str, type[ExampleRun]] = {
    "documents-only": DocumentsOnly,
    "existing-keys": ExistingKeys,
    "existing-roles": ExistingRoles,
    "many-accounts": ManyAccounts,
    "many-keys": ManyKeys,
    "organization": Organization,
}


def run_of(example: str, cloud: Cloud, stage: Stage | None = None) -> ExampleRun:
    """The run for the example of that name, on a new stage if none is given. Raises HarnessError if there is no such
    example."""
    return RUNS.get(example, ExampleRun)(example, cloud, stage)
