"""Removing what a run created: found by the run's tag, checked for it once more, and nothing else touched.

A key is removed as the run's key administrator, whom every key policy of the run lets manage it. That role goes last,
and stays as long as a key is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from harness.aws.principals import allowing
from verify.cloud import AwsPrincipal
from verify.roles import let_assume
from verify.tags import TAG, RunTag

SHORTEST_WINDOW = 7
"""Days. Source: KMS API reference, ScheduleKeyDeletion."""

GONE = ("NoSuchEntity", "NotFoundException", "KMSInvalidStateException")


@dataclass(frozen=True, order=True)
class Left:
    """Something that a run created and that is still there.

    kind: `key`, `alias`, `role`, `policy` or `instance profile`."""

    kind: str
    account: str
    region: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" in {self.region}" if self.region else "")


@dataclass
class Cleaner:
    """What one run has in one account. caller: of the account's profile; regions: those in which it made keys."""

    caller: AwsPrincipal
    tag: RunTag
    regions: Collection[str]
    _acting: AwsPrincipal | None = None

    def find(self) -> list[Left]:
        """What is left, keys that are to be deleted already not counted. Raises botocore's errors."""
        return sorted(
            [*self._keys(), *self._of_iam("instance profile"), *self._of_iam("role"), *self._of_iam("policy")],
            key=self._turn,
        )

    def runs(self) -> set[str]:
        """The ids of all runs that have left something in the account. Raises botocore's errors."""
        found = {
            self._iam_tags(kind, each[LISTED[kind].key]).get(TAG, "") for kind in LISTED for each in self._listed(kind)
        }
        for region in self.regions:
            tags = [
                tag["Value"]
                for resource in self._tagged(region, {"Key": TAG})
                for tag in resource["Tags"]
                if tag["Key"] == TAG
            ]
            found.update(tags)
        return found - {""}

    def remove(self, found: Iterable[Left]) -> list[str]:
        """Remove these. Returns a sentence for each that is still there."""
        problems, keys_left = [], False
        for each in found:
            if each.name == self._administrator_arn and keys_left:
                problems.append(f"{each} stays: it alone can manage the keys that are left.")
                continue
            try:
                removed = self._remove(each)
            except (ClientError, BotoCoreError) as error:
                if isinstance(error, ClientError) and error.response["Error"]["Code"] in GONE:
                    continue
                removed = f"{each} could not be removed: {error}"
            if removed:
                problems.append(removed)
                keys_left = keys_left or each.kind in ("key", "alias")
        return problems

    def _turn(self, left: Left) -> tuple[int, Left]:
        order = ("alias", "key", "instance profile", "role", "policy")
        last = left.name == self._administrator_arn
        return len(order) if last else order.index(left.kind), left

    @property
    def _administrator_arn(self) -> str:
        return f"arn:aws:iam::{self.caller.account}:role/{self._administrator_name}"

    @property
    def _administrator_name(self) -> str:
        return self.tag.role_name("KeyAdministrator")

    def _administrator(self) -> AwsPrincipal | None:
        """The run's key administrator, who trusts this caller from now on and may manage keys; None if it is gone."""
        iam, name = self.caller.client("iam"), self._administrator_name
        try:
            role = iam.get_role(RoleName=name)["Role"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
            return None
        if not self.tag.is_on(_as_mapping(role.get("Tags", ()))):
            return None
        let_assume(iam, name, self.caller.arn)
        # A cut between the role and its policy has left it without.
        iam.put_role_policy(RoleName=name, PolicyName="Allow", PolicyDocument=allowing(["kms:*"], Resource="*"))
        return self.caller.assume(role["Arn"], "cleaning")

    def _keys(self) -> Iterator[Left]:
        """With its administrator gone, a run has no keys: that role goes after the last of them."""
        administrator = self._acting = self._administrator()
        for region in self.regions:
            for resource in self._tagged(region, {"Key": TAG, "Values": [self.tag.id]}):
                if administrator is None:
                    return
                kms, arn = administrator.in_region(region).client("kms"), resource["ResourceARN"]
                if kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion":
                    continue
                for alias in kms.list_aliases(KeyId=arn)["Aliases"]:
                    yield Left("alias", self.caller.account, region, alias["AliasName"])
                yield Left("key", self.caller.account, region, arn)

    def _tagged(self, region: str, tag: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The keys with a tag, whoever may see them otherwise: the tagging service alone decides about its list."""
        tagging = self.caller.in_region(region).client("resourcegroupstaggingapi")
        for page in tagging.get_paginator("get_resources").paginate(TagFilters=[tag], ResourceTypeFilters=["kms:key"]):
            yield from page["ResourceTagMappingList"]

    def _of_iam(self, kind: str) -> Iterator[Left]:
        for each in self._listed(kind):
            if self.tag.is_on(self._iam_tags(kind, each[LISTED[kind].key])):
                yield Left(kind, self.caller.account, "", each["Arn"])

    def _listed(self, kind: str) -> Iterator[Mapping[str, Any]]:
        listed = LISTED[kind]
        for page in self.caller.client("iam").get_paginator(listed.list).paginate(**listed.members):
            yield from page[listed.result]

    def _iam_tags(self, kind: str, name: str) -> Mapping[str, str]:
        listed = LISTED[kind]
        try:
            answer = getattr(self.caller.client("iam"), listed.tags)(**{listed.key_member: name})
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchEntity":
                return {}
            raise
        return _as_mapping(answer["Tags"])

    def _remove(self, left: Left) -> str:
        removers: Mapping[str, Callable[[Left], str]] = {
            "alias": self._remove_alias,
            "key": self._remove_key,
            "role": self._remove_role,
            "policy": self._remove_policy,
            "instance profile": self._remove_profile,
        }
        return removers[left.kind](left)

    def _kms(self, left: Left) -> Any:
        assert self._acting is not None, "what is left of KMS was found by it"
        return self._acting.in_region(left.region).client("kms")

    def _remove_alias(self, left: Left) -> str:
        self._kms(left).delete_alias(AliasName=left.name)
        return ""

    def _remove_key(self, left: Left) -> str:
        kms = self._kms(left)
        tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=left.name)["Tags"]}
        if not self.tag.is_on(tags):
            return f"{left} stays: it does not carry the run's tag."
        kms.schedule_key_deletion(KeyId=left.name, PendingWindowInDays=SHORTEST_WINDOW)
        return ""

    def _remove_role(self, left: Left) -> str:
        iam, name = self.caller.client("iam"), left.name.rpartition("/")[2]
        if not self.tag.is_on(self._iam_tags("role", name)):
            return f"{left} stays: it does not carry the run's tag."
        for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=name)
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)
        return ""

    def _remove_policy(self, left: Left) -> str:
        iam = self.caller.client("iam")
        if not self.tag.is_on(self._iam_tags("policy", left.name)):
            return f"{left} stays: it does not carry the run's tag."
        for version in iam.list_policy_versions(PolicyArn=left.name)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=left.name, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=left.name)
        return ""

    def _remove_profile(self, left: Left) -> str:
        iam, name = self.caller.client("iam"), left.name.rpartition("/")[2]
        if not self.tag.is_on(self._iam_tags("instance profile", name)):
            return f"{left} stays: it does not carry the run's tag."
        for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
        iam.delete_instance_profile(InstanceProfileName=name)
        return ""


@dataclass(frozen=True)
class _Listing:
    """How IAM lists a kind of thing and its tags. key: the member of an item that the call for tags wants."""

    list: str
    result: str
    tags: str
    key: str
    key_member: str
    members: Mapping[str, Any]


LISTED: Mapping[str, _Listing] = {
    "role": _Listing("list_roles", "Roles", "list_role_tags", "RoleName", "RoleName", {}),
    "policy": _Listing("list_policies", "Policies", "list_policy_tags", "Arn", "PolicyArn", {"Scope": "Local"}),
    "instance profile": _Listing(
        "list_instance_profiles",
        "InstanceProfiles",
        "list_instance_profile_tags",
        "InstanceProfileName",
        "InstanceProfileName",
        {},
    ),
}


def _as_mapping(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
