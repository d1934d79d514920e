"""IAM, CloudFormation and tagging calls: all permissions that they need, on the entity's own path and tags.

The expected outcomes follow from the Service Authorization Reference. `service_reference.yaml` holds its facts about
IAM's operations that the emulator offers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.iam.operations import PASSED_TO, RESOURCES, WITH_BOUNDARY, WITH_POLICY_ARN
from emulator.offered import OFFERED
from harness.aws import tally
from test_emulator.aws import Account, Caller, allow, code_of, error_of, make_user, policy, statement, trusting

REFERENCE = yaml.safe_load(Path(__file__).with_name("service_reference.yaml").read_text())
CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("permissions.yaml").read_text())


def test_the_table_says_what_the_service_authorization_reference_says() -> None:
    iam = REFERENCE["iam"]
    assert RESOURCES.keys() == OFFERED["iam"] == iam.keys()
    of_kind = {
        operation: "entity" if len(facts["on"]) > 1 else "".join(facts["on"]) for operation, facts in iam.items()
    }
    assert of_kind == RESOURCES
    keys = {operation: set(facts.get("keys", ())) for operation, facts in iam.items()}
    assert {name for name, of_one in keys.items() if "iam:PermissionsBoundary" in of_one} == set(WITH_BOUNDARY)
    assert {name for name, of_one in keys.items() if "iam:PolicyARN" in of_one} == set(WITH_POLICY_ARN)
    assert {name for name, facts in iam.items() if "iam:PassRole" in facts.get("needs", ())} == set(PASSED_TO)


@dataclass
class Stage:
    """What the cases work on: see permissions.yaml."""

    account: Account
    other: Account

    @classmethod
    def set_up(cls, account: Account, other: Account) -> Stage:
        iam, trust = account.root.iam, json.dumps(trusting(account.root_arn))
        iam.create_user(UserName="boss", Path="/admins/", Tags=[{"Key": "Team", "Value": "red"}])
        iam.create_role(RoleName="Chief", Path="/admins/", AssumeRolePolicyDocument=trust)
        iam.tag_role(RoleName="Chief", Tags=[{"Key": "Team", "Value": "red"}])
        iam.create_group(GroupName="Staff", Path="/admins/")
        iam.create_instance_profile(InstanceProfileName="Box", Path="/admins/")
        iam.create_policy(PolicyName="Rules", Path="/admins/", PolicyDocument=json.dumps(allow("kms:ListKeys")))
        other.role("OtherRole", allow("kms:*"))
        return cls(account, other)

    def written(self, value: Any) -> Any:
        """A value of a case with its names replaced; documents as JSON text."""
        if isinstance(value, dict):
            return {key: self.written(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.written(item) for item in value]
        if value == "<trust>":
            return json.dumps(trusting(self.account.root_arn))
        if value == "<document>":
            return json.dumps(allow("kms:ListKeys"))
        return (
            value.replace("<account>", self.account.id).replace("<other>", self.other.id)
            if isinstance(value, str)
            else value
        )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case: Mapping[str, Any], account: Account, other: Account) -> None:
    stage = Stage.set_up(account, other)
    statements = [
        statement(effect, actions, **{"Resource": "*", **stage.written(rest)})
        for given in case["given"]
        for effect, actions, rest in [(given["effect"], given["actions"], given.get("with", {}))]
    ]
    caller = account.session("Caller", policy(*statements))
    ((operation, members),) = case["call"].items()
    service, method = operation.split(".")
    call = getattr(caller.client(service), method)
    if case["expect"] == "allowed":
        assert code_of(call, **stage.written(members)) == "allowed"
    else:
        code, message = error_of(call, **stage.written(members))
        assert code == case.get("code", "AccessDenied")
        assert stage.written(case["expect"]) in message
    tally.CURRENT.asserted += 1


def test_a_user_that_names_none_means_itself(account: Account, other: Account) -> None:
    own = {"Resource": "arn:aws:iam::*:user/${aws:username}"}
    user = make_user(account.root, "Self", policy(statement("Allow", ["iam:GetUser", "iam:*AccessKey*"], **own)))
    assert user.iam.get_user()["User"]["UserName"] == "Self"
    assert [key["UserName"] for key in user.iam.list_access_keys()["AccessKeyMetadata"]] == ["Self"]
    assert user.iam.create_access_key()["AccessKey"]["UserName"] == "Self"
    assert code_of(user.iam.create_access_key, UserName="Operator") == "AccessDenied"


def test_who_calls_is_who_was_resolved(account: Account) -> None:
    session = account.session("Role")
    identity = session.sts.get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{account.id}:assumed-role/Role/session"
    assert account.root.sts.get_caller_identity()["Arn"] == account.root_arn
    named = session.__class__(session.endpoint, session.key, session.secret, session.token, "eu-west-1")
    assert named.sts.get_caller_identity()["UserId"] == identity["UserId"]


def test_tagged_keys_are_listed_with_the_permission_only(account: Account) -> None:
    red, blue = account.key(tags={"Team": "red"}), account.key(tags={"Team": "blue", "Stage": "prod"})
    account.key()
    listing = account.session("Lister", allow("tag:GetResources")).client("resourcegroupstaggingapi")

    def found(**members: Any) -> set[str]:
        return {each["ResourceARN"] for each in listing.get_resources(**members)["ResourceTagMappingList"]}

    assert found() == {red, blue}
    assert found(TagFilters=[{"Key": "Team", "Values": ["red", "green"]}]) == {red}
    assert found(TagFilters=[{"Key": "Team"}, {"Key": "Stage"}], ResourceTypeFilters=["kms:key"]) == {blue}
    assert found(ResourceTypeFilters=["s3"]) == set()
    assert found(ResourceARNList=[red]) == {red}
    pages = [listing.get_resources(ResourcesPerPage=1)]
    pages.append(listing.get_resources(ResourcesPerPage=1, PaginationToken=pages[0]["PaginationToken"]))
    assert {page["ResourceTagMappingList"][0]["ResourceARN"] for page in pages} == {red, blue}
    bare: Caller = account.session("Bare", allow("kms:*"))
    assert code_of(bare.client("resourcegroupstaggingapi").get_resources) == "AccessDeniedException"
