"""A policy means the principals that it named when it was stored: by id, in Principal and NotPrincipal alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from test_emulator.aws import Account, Caller, allow, code_of, key_policy, make_user, policy, statement, trusting

DENIED = "AccessDeniedException"


def again(account: Account, name: str, *policies: Any) -> Caller:
    """A session of another role under the same name."""
    iam = account.root.iam
    for inline in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=inline)
    iam.delete_role(RoleName=name)
    return account.session(name, *policies)


def role_id(account: Account, name: str) -> str:
    found: str = account.root.iam.get_role(RoleName=name)["Role"]["RoleId"]
    return found


@pytest.mark.parametrize("spell", [str, lambda arn: arn.replace("/", "\\/"), lambda arn: arn.replace("R", "\\u0052")])
def test_however_json_spells_it_a_new_role_is_another_principal(account: Account, spell: Any) -> None:
    first, arn = account.session("Role"), f"arn:aws:iam::{account.id}:role/Role"
    document = json.dumps(key_policy([account.root_arn, "ROLE"])).replace("ROLE", spell(arn))
    key = account.key()
    account.root.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document)
    assert code_of(first.kms.encrypt, KeyId=key, Plaintext=b"x") == "allowed"
    former = role_id(account, "Role")
    second = again(account, "Role")
    assert code_of(second.kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED
    shown = json.loads(account.root.kms.get_key_policy(KeyId=key)["Policy"])
    assert shown["Statement"][0]["Principal"] == {"AWS": [account.root_arn, former]}


def test_conditions_sids_and_ids_stay_text(account: Account) -> None:
    first, arn = account.session("Role"), f"arn:aws:iam::{account.id}:role/Role"
    matching = {"ArnEquals": {"aws:PrincipalArn": arn}}
    named = statement("Allow", "kms:Decrypt", Principal={"AWS": arn}, Resource="*", Sid=arn)
    document = policy(
        statement("Allow", "kms:*", Principal={"AWS": account.root_arn}, Resource="*"),
        statement("Allow", "kms:Encrypt", Principal="*", Resource="*", Condition=matching),
        statement("Deny", "kms:GenerateDataKey", Principal="*", Resource="*", Condition=matching),
        named,
    ) | {"Id": arn}
    key = account.key(document)
    former = role_id(account, "Role")
    assert code_of(first.kms.encrypt, KeyId=key, Plaintext=b"x") == "allowed"
    second = again(account, "Role", allow("kms:GenerateDataKey"))
    blob = account.root.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert code_of(second.kms.encrypt, KeyId=key, Plaintext=b"x") == "allowed"
    assert code_of(second.kms.generate_data_key, KeyId=key, KeySpec="AES_256") == DENIED
    assert code_of(second.kms.decrypt, CiphertextBlob=blob) == DENIED
    shown = json.loads(account.root.kms.get_key_policy(KeyId=key)["Policy"])
    document["Statement"][3] = named | {"Principal": {"AWS": former}}
    assert shown == document


def test_an_exempt_principal_is_not_exempt_once_recreated(account: Account) -> None:
    first, arn = account.session("Role", allow("kms:*")), f"arn:aws:iam::{account.id}:role/Role"
    exempt = [account.root_arn, arn, f"arn:aws:sts::{account.id}:assumed-role/Role/session"]
    deny = statement("Deny", "kms:Encrypt", NotPrincipal={"AWS": exempt}, Resource="*")
    key = account.key(policy(statement("Allow", "kms:*", Principal={"AWS": account.root_arn}, Resource="*"), deny))
    assert code_of(first.kms.encrypt, KeyId=key, Plaintext=b"x") == "allowed"
    assert code_of(again(account, "Role", allow("kms:*")).kms.encrypt, KeyId=key, Plaintext=b"x") == DENIED


def test_a_trust_policy_and_a_grant_show_a_deleted_principal_by_its_id(account: Account) -> None:
    account.session("Trusted")
    arn, former = f"arn:aws:iam::{account.id}:role/Trusted", role_id(account, "Trusted")
    condition = {"Condition": {"StringEquals": {"aws:PrincipalArn": arn}}}
    account.role("Target", trust=trusting(arn, "sts:AssumeRole", **condition))
    iam = account.root.iam
    iam.create_instance_profile(InstanceProfileName="Profile")
    iam.add_role_to_instance_profile(InstanceProfileName="Profile", RoleName="Target")
    key = account.key()
    account.root.kms.create_grant(
        KeyId=key, GranteePrincipal=arn, RetiringPrincipal=arn, Operations=["Decrypt"], Name="named"
    )
    second = again(account, "Trusted", allow("sts:AssumeRole", "kms:ListGrants"))
    target = {"RoleArn": f"arn:aws:iam::{account.id}:role/Target", "RoleSessionName": "session"}
    assert code_of(second.sts.assume_role, **target) == "AccessDenied"
    expected = trusting(former, "sts:AssumeRole", **condition)
    assert iam.get_role(RoleName="Target")["Role"]["AssumeRolePolicyDocument"] == expected
    listed = {role["RoleName"]: role for role in iam.list_roles()["Roles"]}
    assert listed["Target"]["AssumeRolePolicyDocument"] == expected
    profile = iam.get_instance_profile(InstanceProfileName="Profile")["InstanceProfile"]
    assert profile["Roles"][0]["AssumeRolePolicyDocument"] == expected
    (grant,) = account.root.kms.list_grants(KeyId=key)["Grants"]
    assert (grant["GranteePrincipal"], grant["RetiringPrincipal"]) == (former, former)
    assert account.root.kms.list_grants(KeyId=key, GranteePrincipal=arn)["Grants"] == []
    assert account.root.kms.list_retirable_grants(RetiringPrincipal=arn)["Grants"] == []


@pytest.mark.parametrize("change", [{"NewPath": "/staff/"}, {"NewUserName": "Renamed"}])
def test_a_user_that_moves_stays_the_same_principal(account: Account, change: dict[str, str]) -> None:
    user = make_user(account.root, "User", allow("kms:*", "sts:*"))
    iam, arn = account.root.iam, f"arn:aws:iam::{account.id}:user/User"
    iam.tag_user(UserName="User", Tags=[{"Key": "Team", "Value": "red"}])
    red = {"StringEquals": {"aws:PrincipalTag/Team": "red"}}
    open_key = account.key(key_policy([account.root_arn, arn]))
    named = statement("Allow", ["kms:Encrypt", "kms:DescribeKey"], Principal={"AWS": arn}, Resource="*")
    deny = statement("Deny", "kms:Encrypt", Principal="*", Resource="*", Condition=red)
    closed = account.key(policy(named, deny))
    session = user.with_credentials(user.sts.get_session_token())
    assert code_of(user.kms.describe_key, KeyId=closed) == "allowed"
    iam.update_user(UserName="User", **change)
    name = change.get("NewUserName", "User")
    moved = f"arn:aws:iam::{account.id}:user{change.get('NewPath', '/')}{name}"
    assert iam.get_user(UserName=name)["User"]["Tags"] == [{"Key": "Team", "Value": "red"}]
    for caller in (user, session):
        assert code_of(caller.kms.encrypt, KeyId=open_key, Plaintext=b"x") == "allowed"
        assert code_of(caller.kms.encrypt, KeyId=closed, Plaintext=b"x") == DENIED
        assert code_of(caller.kms.describe_key, KeyId=closed) == "allowed"
        assert caller.sts.get_caller_identity()["Arn"] == moved
    shown = json.loads(account.root.kms.get_key_policy(KeyId=open_key)["Policy"])
    assert shown["Statement"][0]["Principal"] == {"AWS": [account.root_arn, moved]}


def test_tags_of_a_deleted_user_are_not_those_of_the_next(account: Account) -> None:
    iam = account.root.iam
    iam.create_user(UserName="User", Tags=[{"Key": "Team", "Value": "red"}])
    iam.update_user(UserName="User", NewUserName="Other")
    iam.delete_user(UserName="Other")
    for name in ("User", "Other"):
        assert "Tags" not in iam.create_user(UserName=name)["User"]
        assert iam.list_user_tags(UserName=name)["Tags"] == []
