"""The stage for the examples in accounts of AWS: as `harness.examples.accounts.Stage`, with what AWS does not let be.

Roles carry the run's tag and its id in their names. Plerion's account cannot be acted in: each apply of an example is
followed by a change of PlerionAccessRole's trust, which lets a role of the run assume it, too. With one account there
are no keys and no principals of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from botocore.exceptions import ClientError

from harness.access.expectations import Expectations
from harness.aws.principals import Account, Principal, allowing, role_arn
from harness.errors import HarnessError
from harness.examples.accounts import (
    EXTERNAL_ID,
    STACK_ACCESS_ROLE,
    STACK_APPLIANCE_ROLE,
    Stage,
)
from harness.terraform.runner import Relay
from verify.calls import answer_of
from verify.cloud import AwsCloud, AwsPrincipal
from verify.patience import Patience, Question, settle
from verify.roles import let_assume
from verify.tags import RunTag

AS_NAMED = (STACK_APPLIANCE_ROLE, STACK_ACCESS_ROLE)
"""The names of roles that an example's inputs repeat."""


@dataclass(frozen=True)
class AwsAccount(Account):
    """An account of AWS. root and operator are both the caller of the given profile; tag: the run's."""

    tag: RunTag

    @classmethod
    def of(cls, caller: AwsPrincipal, tag: RunTag) -> AwsAccount:
        """The caller's account."""
        return cls(caller.account, caller, caller, tag)

    def create_role(self, name: str, **members: Any) -> str:
        """As of `Account`. A role that a call without an answer made is taken; raises HarnessError for another's."""
        name = name if name in AS_NAMED else self.tag.role_name(name)
        try:
            return super().create_role(name, **members)
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityAlreadyExists":
                raise
        iam = self.root.client("iam")
        role = iam.get_role(RoleName=name)["Role"]
        if not self.tag.is_on({tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}):
            raise HarnessError(
                f"Account {self.id} has a role {name} that this run did not make: take another account, or remove it."
            )
        if allow := members.get("allow"):
            iam.put_role_policy(RoleName=name, PolicyName="Allow", PolicyDocument=allowing(allow, Resource="*"))
        return str(role["Arn"])


class AwsStage(Stage):
    """The stage. integration, other: the accounts, the latter None if there is none. region: where keys are made."""

    def __init__(
        self,
        cloud: AwsCloud,
        integration: AwsAccount,
        other: AwsAccount | None,
        region: str,
        *,
        relay: Relay = None,
    ) -> None:
        super().__init__(cloud, relay)
        self.integration = integration
        self.region = region
        self.has_other = other is not None
        if other is not None:
            self.other = other

    def make_ready(self, patience: Patience) -> None:
        """Make what all examples use, so that the rest is of one example, and wait until it may do its part.

        Raises HarnessError if it may not in time.
        """
        parts: dict[str, Callable[[], Any]] = {
            f"KeyAdministrator of {each.account}": partial(each.client("kms").list_keys, Limit=1)
            for each in self.key_administrators
        }
        parts["Deployer"] = partial(self.deployer.client("iam").list_roles, MaxItems=1)
        questions = {
            name: Question(partial(answer_of, call), lambda answer: answer.outcome == "allowed")
            for name, call in parts.items()
        }
        for name, answer in settle(questions, patience).items():
            if answer.outcome != "allowed":
                raise HarnessError(f"The role {name} may not do what its policy allows ({answer}): look at the SCPs.")
        for administrator in self.key_administrators:
            self._other_end(administrator, self.region)
        _ = (self.deployer, self.untagged, self.tag_bearer, self._grantee)
        if self.has_other:
            _ = self.stranger

    @cached_property
    def control_plane(self) -> Principal:
        """The role of the run that assumes the access role in place of Plerion's."""
        return self.tester

    @property
    def key_administrators(self) -> Sequence[Principal]:
        """Those of the accounts that there are."""
        return super().key_administrators if self.has_other else (self.key_administrator,)

    def terraform_variables(self) -> dict[str, Any]:
        """As of `Stage`, without what needs the other account if there is none."""
        variables = {
            "external_id": EXTERNAL_ID,
            "appliance_trusted_role_arns": [role_arn(self.tester)],
            "key_administrator_role_arn": role_arn(self.key_administrator),
            "region": self.region,
        }
        if self.has_other:
            variables["key_account_role_arn"] = role_arn(self.other_key_administrator)
        return variables

    def principals(self, outputs: Mapping[str, Any]) -> dict[str, Principal]:
        """As of `Stage`, after PlerionAccessRole trusts the tester."""
        condition = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
        access_role = outputs["access_role_arn"].rpartition("/")[2]
        let_assume(self.deployer.client("iam"), access_role, role_arn(self.tester), condition)
        principals = {
            "appliance": self.tester.assume(outputs["appliance_role_arn"], "appliance"),
            "access": self.control_plane.assume(outputs["access_role_arn"], external_id=EXTERNAL_ID),
            "untagged": self.untagged,
            "tag-bearer": self.tag_bearer,
        }
        return {**principals, "stranger": self.stranger} if self.has_other else principals

    def within_reach(self, expectations: Expectations) -> Expectations:
        """The expectations for the keys and principals that there are, the keys in this stage's Region."""
        keys = {
            name: key
            if key.output or "region" in key.model_fields_set
            else key.model_copy(update={"region": self.region})
            for name, key in expectations.keys.items()
            if self.has_other or key.account == "integration"
        }
        access = {
            mode: {
                principal: {key: allowed for key, allowed in lines.items() if key in keys}
                for principal, lines in by_principal.items()
                if self.has_other or principal != "stranger"
            }
            for mode, by_principal in expectations.access.items()
        }
        return Expectations(keys, access)
