"""The stage for an example: two customer accounts and Plerion's, the roles that act in them, and the fixture keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypedDict

from pydantic import ConfigDict, with_config

from harness.access.probes import Target
from harness.aws.cloud import Cloud
from harness.aws.keys import Key, KeyDescription, adopt_key, create_key, open_key
from harness.aws.principals import Account, Principal, role_arn
from harness.errors import HarnessError
from harness.paths import EXAMPLES
from harness.terraform.runner import Relay
from plerion_kms.access_file import Lines

Principals = TypedDict(
    "Principals",
    {
        # The example's appliance role.
        "appliance": Lines,
        # The example's access role, assumed by Plerion's account with the external id.
        "access": Lines,
        # A role of the integration account without tags and without permissions.
        "untagged": Lines,
        # The same, in a session that carries the tag PlerionApplianceRole = True.
        "tag-bearer": Lines,
        # A role of the other account that may use KMS there.
        "stranger": Lines,
    },
)
"""The principals by the names that expectations use; every mode has lines for each."""
with_config(ConfigDict(strict=True, extra="forbid"))(Principals)

type Targets = dict[str, dict[str, Target]]
"""Caller's account -> key name -> target."""

PLERION_ACCOUNT = "588158338731"
EXTERNAL_ID = "an-external-id-that-plerion-shows"
APPLIANCE_TAG = {"PlerionApplianceRole": "True"}
KEY_ARN = re.compile(r"arn:[^:]+:kms:[^:]+:\d{12}:key/.+")
STACK_APPLIANCE_ROLE = "plerion-stack-PlerionApplianceRole-1A2B3C"
STACK_ACCESS_ROLE = "plerion-stack-PlerionAccessRole-4D5E6F"
"""The roles' names where Plerion's CloudFormation stack made them: its prefix, and a suffix that AWS adds."""

# What a person who rolls the module out needs; each permission is one that Terraform's provider calls.
DEPLOYER_ALLOW: tuple[str, ...] = tuple(
    json.loads((EXAMPLES / "deployer-permissions.json").read_text(encoding="utf-8"))["Statement"][0]["Action"]
)


def create_stack_roles(account: Account, trusted: str) -> None:
    """Make the two roles as Plerion's CloudFormation stack does; `trusted` may assume the appliance role."""
    account.create_role(STACK_APPLIANCE_ROLE, trusted=[trusted], tags=APPLIANCE_TAG)
    account.create_role(
        STACK_ACCESS_ROLE,
        trusted=[f"arn:aws:iam::{PLERION_ACCOUNT}:root"],
        trust_condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
        tags={"RolePurpose": "PlerionAccess"},
    )


@dataclass
class Stage:
    """See the module's text and `Principals`. Everything is made on first use.

    relay: as for `Terraform`.
    """

    cloud: Cloud
    relay: Relay = "own"
    _other_ends: dict[tuple[str, str], Key] = field(default_factory=dict)

    def exchanged(self) -> Stage:
        """A stage on which the two accounts have each other's part."""
        stage = Stage(self.cloud)
        stage.integration, stage.other = self.other, self.integration
        stage.key_administrator, stage.other_key_administrator = self.other_key_administrator, self.key_administrator
        return stage

    @cached_property
    def integration(self) -> Account:
        """The account of the Plerion integration."""
        return Account.make(self.cloud)

    @cached_property
    def other(self) -> Account:
        """Another account of the customer."""
        return Account.make(self.cloud)

    @cached_property
    def plerion(self) -> Account:
        """Plerion's own account."""
        return Account.make(self.cloud, PLERION_ACCOUNT)

    @cached_property
    def deployer(self) -> Principal:
        """A role of the integration account that runs Terraform."""
        return self.integration.session_of_new_role("Deployer", DEPLOYER_ALLOW)

    @cached_property
    def tester(self) -> Principal:
        """A role of the integration account that may assume others."""
        return self.integration.session_of_new_role("Tester", ("sts:AssumeRole", "sts:TagSession"))

    @cached_property
    def control_plane(self) -> Principal:
        """A role of Plerion's account that assumes the access role."""
        # Plerion's account is one for all stages of an emulator, so the role's name holds the integration's.
        return self.plerion.session_of_new_role(f"ControlPlane-{self.integration.id}", ("sts:AssumeRole",))

    @cached_property
    def key_administrator(self) -> Principal:
        """The administrator of the integration account's keys; Terraform may act as this role too."""
        return self._key_administrator(self.integration)

    @cached_property
    def other_key_administrator(self) -> Principal:
        """The administrator of the other account's keys."""
        return self._key_administrator(self.other)

    @property
    def key_administrators(self) -> Sequence[Principal]:
        """The administrators of the accounts' keys; these accounts have keys for the probes."""
        return self.key_administrator, self.other_key_administrator

    @cached_property
    def untagged(self) -> Principal:
        """See `Principals`."""
        arn = self.integration.create_role("Untagged", trusted=[role_arn(self.tester)])
        return self.tester.assume(arn)

    @cached_property
    def tag_bearer(self) -> Principal:
        """See `Principals`."""
        arn = self.integration.create_role(
            "TagBearer", trusted=[role_arn(self.tester)], trust_actions=("sts:AssumeRole", "sts:TagSession")
        )
        return self.tester.assume(arn, tags=APPLIANCE_TAG)

    @cached_property
    def stranger(self) -> Principal:
        """See `Principals`."""
        return self.other.session_of_new_role("Stranger", ("kms:*",))

    @cached_property
    def _grantee(self) -> str:
        return self.integration.create_role("Grantee", trusted=[self.integration.root.arn])

    def terraform_variables(self) -> dict[str, Any]:
        """Input variables that the examples take; each example declares those that it uses."""
        return {
            "external_id": EXTERNAL_ID,
            "appliance_trusted_role_arns": [role_arn(self.tester)],
            "key_administrator_role_arn": role_arn(self.key_administrator),
            "key_account_role_arn": role_arn(self.other_key_administrator),
        }

    def principals(self, outputs: Mapping[str, Any]) -> dict[str, Principal]:
        """The principals by the names that expectations use; `outputs` are the example's."""
        return {
            "appliance": self.tester.assume(outputs["appliance_role_arn"], "appliance"),
            "access": self.control_plane.assume(outputs["access_role_arn"], external_id=EXTERNAL_ID),
            "untagged": self.untagged,
            "tag-bearer": self.tag_bearer,
            "stranger": self.stranger,
        }

    def targets(self, descriptions: Mapping[str, KeyDescription], outputs: Mapping[str, Any]) -> Targets:
        """The targets of the probes; makes the keys that the example does not.

        Raises HarnessError if the descriptions name an output that the example lacks, or no key for one that it has.
        """
        key_outputs = {name for name, value in outputs.items() if KEY_ARN.fullmatch(str(value))}
        described = {description.output for description in descriptions.values() if description.output}
        if described != key_outputs:
            off = ", ".join(sorted(described ^ key_outputs))
            raise HarnessError(
                f"The example's access.yaml describes the keys of the outputs {_names(described)}, the example makes "
                f"those of {_names(key_outputs)}: look at {off}."
            )
        keys = {name: self._key(description, outputs) for name, description in descriptions.items()}
        return {
            owner.account: {
                name: Target(key, self._other_end(owner, key.region), self._grantee) for name, key in keys.items()
            }
            for owner in self.key_administrators
        }

    def _other_end(self, owner: Principal, region: str) -> Key:
        place = (owner.account, region)
        if place not in self._other_ends:
            self._other_ends[place] = open_key(owner.in_region(region))
        return self._other_ends[place]

    def _key(self, description: KeyDescription, outputs: Mapping[str, Any]) -> Key:
        owner = self.other_key_administrator if description.account == "other" else self.key_administrator
        if description.output:
            return adopt_key(owner, outputs[description.output], description.spec)
        return create_key(owner, description, self.integration.id, outputs)

    def _key_administrator(self, account: Account) -> Principal:
        return account.session_of_new_role("KeyAdministrator", ("kms:*",), also_trusted=[role_arn(self.deployer)])


def _names(outputs: Iterable[str]) -> str:
    return ", ".join(sorted(outputs)) or "none"
