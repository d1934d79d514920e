"""Stacks: one whose resources are not all created is not complete, and a stack acts as its creator alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from test_emulator.aws import Account, Caller, allow, code_of, trusting

PATIENCE = {"Delay": 0.1, "MaxAttempts": 100}


def template(account: Account, **resources: Any) -> str:
    return json.dumps({"Resources": resources or {"Role": role(account)}})


def role(account: Account, **properties: Any) -> dict[str, Any]:
    trust = {"AssumeRolePolicyDocument": trusting(account.root_arn)}
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "FromStack", **trust, **properties}}


def ends(caller: Caller, operation: str, text: str, done: str) -> str:
    """The status that the stack ends with, or the code of the error if the call is refused."""
    cloudformation = caller.client("cloudformation")
    try:
        getattr(cloudformation, operation)(StackName="stack", TemplateBody=text, Capabilities=["CAPABILITY_NAMED_IAM"])
        cloudformation.get_waiter(done).wait(StackName="stack", WaiterConfig=PATIENCE)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except WaiterError:
        pass
    return str(cloudformation.describe_stacks(StackName="stack")["Stacks"][0]["StackStatus"])


def create(caller: Caller, text: str) -> str:
    return ends(caller, "create_stack", text, "stack_create_complete")


def update(caller: Caller, text: str) -> str:
    return ends(caller, "update_stack", text, "stack_update_complete")


@pytest.fixture
def maker(account: Account) -> Caller:
    return account.session("Maker", allow("*"))


@pytest.mark.parametrize(
    "resource",
    [
        {"Type": "AWS::S3::Bucket"},
        {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": allow("kms:*")}},
        {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "http://127.0.0.1:1/"}},
        {"Type": "Custom::Thing", "Properties": {"ServiceToken": "arn:aws:lambda:us-east-1:111111111111:function:f"}},
        {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "Unknown": "x"}},
        {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": allow("kms:*"), "Path": "/a/"}},
    ],
    ids=lambda resource: resource["Type"],
)
def test_a_resource_that_is_not_offered_fails_the_stack(
    account: Account, maker: Caller, resource: dict[str, Any]
) -> None:
    status = create(maker, template(account, Thing=resource))
    assert status in ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "ValidationError")
    assert account.root.iam.list_policies(Scope="Local")["Policies"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"Transform": "MyMacro"},
        {"Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/template"}}},
        {"Parameters": {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "name"}}},
        {"Outputs": {"O": {"Value": "{{resolve:secretsmanager:secret}}"}}},
    ],
    ids=["a macro", "a part at an address", "a parameter of SSM", "a secret"],
)
def test_what_needs_another_service_fails_the_stack(account: Account, maker: Caller, more: dict[str, Any]) -> None:
    assert create(maker, json.dumps({"Resources": {"Role": role(account)}, **more})) != "CREATE_COMPLETE"


def test_an_update_that_is_done_is_done(account: Account, maker: Caller) -> None:
    assert create(maker, template(account, Role=role(account))) == "CREATE_COMPLETE"
    former = account.root.iam.get_role(RoleName="FromStack")["Role"]
    trust = trusting(f"arn:aws:iam::{account.id}:user/Operator")
    assert update(maker, template(account, Role=role(account, AssumeRolePolicyDocument=trust))) == "UPDATE_COMPLETE"
    role_now = account.root.iam.get_role(RoleName="FromStack")["Role"]
    assert (role_now["AssumeRolePolicyDocument"], role_now["RoleId"]) == (trust, former["RoleId"])


@pytest.mark.parametrize(
    "properties", [{"MaxSessionDuration": 7200}, {"Tags": [{"Key": "PlerionApplianceRole", "Value": "True"}]}]
)
def test_an_update_that_is_not_done_fails(account: Account, maker: Caller, properties: dict[str, Any]) -> None:
    assert create(maker, template(account, Role=role(account))) == "CREATE_COMPLETE"
    status = update(maker, template(account, Role=role(account, **properties)))
    assert status.startswith("UPDATE_ROLLBACK") or status == "UPDATE_FAILED"
    assert account.root.iam.list_role_tags(RoleName="FromStack")["Tags"] == []


def test_a_stack_needs_the_permissions_of_its_resources(account: Account) -> None:
    maker = account.session("Maker", allow("cloudformation:*", "iam:CreateRole", "iam:GetRole"))
    tagged = role(account, Tags=[{"Key": "PlerionApplianceRole", "Value": "True"}])
    assert create(maker, template(account, Role=tagged)) != "CREATE_COMPLETE"
    assert code_of(account.root.iam.get_role, RoleName="FromStack") == "NoSuchEntity"


def delete(caller: Caller) -> None:
    cloudformation = caller.client("cloudformation")
    cloudformation.delete_stack(StackName="stack")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="stack", WaiterConfig=PATIENCE)


@pytest.mark.parametrize("deleted_before", [False, True])
def test_a_stack_is_deleted_with_its_resources(account: Account, maker: Caller, deleted_before: bool) -> None:
    assert create(maker, template(account)) == "CREATE_COMPLETE"
    if deleted_before:
        account.root.iam.delete_role(RoleName="FromStack")
    delete(maker)
    assert code_of(account.root.iam.get_role, RoleName="FromStack") == "NoSuchEntity"


@pytest.mark.parametrize("name", ["FromStack", "From404", "NoSuchEntity", "NotFoundException"])
def test_a_stack_whose_resource_cannot_be_deleted_is_not_deleted(account: Account, name: str) -> None:
    maker = account.session("Maker", allow("cloudformation:*", "iam:CreateRole"))
    assert create(maker, template(account, Role=role(account, RoleName=name))) == "CREATE_COMPLETE"
    with pytest.raises(WaiterError, match="DELETE_FAILED"):
        delete(maker)
    assert code_of(account.root.iam.get_role, RoleName=name) == "allowed"


def test_stack_sets_are_not_offered(account: Account, other: Account, maker: Caller) -> None:
    cloudformation = maker.client("cloudformation")
    body = template(account, Role=role(other))
    assert code_of(cloudformation.create_stack_set, StackSetName="set", TemplateBody=body) == "UnsupportedOperation"
    instances = {"StackSetName": "set", "Accounts": [other.id], "Regions": ["us-east-1"]}
    assert code_of(cloudformation.create_stack_instances, **instances) == "UnsupportedOperation"
    assert code_of(other.root.iam.get_role, RoleName="FromStack") == "NoSuchEntity"


def test_texts_of_a_template_stay_as_they_are(account: Account, maker: Caller) -> None:
    address = "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod"
    assert create(maker, template(account, Role=role(account, Description=address))) == "CREATE_COMPLETE"
    assert account.root.iam.get_role(RoleName="FromStack")["Role"]["Description"] == address
