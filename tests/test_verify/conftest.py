"""Sandbox accounts of the emulator, and time that passes only in the test."""

from __future__ import annotations

from contextlib import suppress
from importlib import resources
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import REGION, Account
from test_verify.unsteady import Time
from verify.cloud import AwsCloud, AwsPrincipal

PERMISSIONS = resources.files("verify").joinpath("permissions.json").read_text(encoding="utf-8")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """In place of the system's, for botocore's pauses too."""
    found = Time()
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=found.sleep))
    return found


def person(account: Account, emulated: EmulatedCloud) -> boto3.Session:
    """A boto3 session of a user who has exactly the permissions of the document."""
    iam = account.root.client("iam")
    iam.create_user(UserName="Person")
    iam.put_user_policy(UserName="Person", PolicyName="Permissions", PolicyDocument=PERMISSIONS)
    key = iam.create_access_key(UserName="Person")["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"])


def caller_of(account: Account, emulated: EmulatedCloud, cloud: AwsCloud) -> AwsPrincipal:
    """That person, as a run sees it."""
    return AwsPrincipal.of_session(cloud, person(account, emulated), REGION)


@pytest.fixture
def accounts(cloud: EmulatedCloud) -> tuple[Account, Account]:
    """Two accounts that no other test uses."""
    return Account.make(cloud), Account.make(cloud)


def inventory(account: Account) -> dict[str, Any]:
    """What there is in an account: of its keys those that the account may describe, without those to be deleted."""
    iam, kms = account.root.client("iam"), account.root.client("kms")
    described = []
    for key in kms.list_keys()["Keys"]:
        with suppress(ClientError):
            described.append(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"])
    return {
        "roles": sorted(role["RoleName"] for role in iam.list_roles()["Roles"]),
        "policies": sorted(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        "profiles": sorted(each["InstanceProfileName"] for each in iam.list_instance_profiles()["InstanceProfiles"]),
        "keys": sorted(key["Arn"] for key in described if key["KeyState"] != "PendingDeletion"),
        "aliases": sorted(alias["AliasName"] for alias in kms.list_aliases()["Aliases"] if alias.get("TargetKeyId")),
    }
