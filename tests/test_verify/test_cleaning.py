"""Only what carries the run's tag is removed."""

from __future__ import annotations

import json

import pytest

from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import REGION, Account
from test_verify.conftest import caller_of, inventory
from verify.cleaning import Cleaner
from verify.cloud import AwsCloud
from verify.patience import Patience
from verify.stage import AwsAccount, AwsStage
from verify.tags import PREFIX, TAG, RunTag

pytestmark = pytest.mark.xdist_group("verify")

TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
)
NOTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})


def look_alikes(account: Account, tag: RunTag) -> None:
    """Things that are named as the run's and tagged otherwise: not at all, by another run, by another case or key."""
    iam, kms = account.root.client("iam"), account.root.client("kms")
    others: tuple[dict[str, str], ...] = ({}, {TAG: f"{tag.id}0"}, {TAG.lower(): tag.id}, {"Run": tag.id}, {TAG: ""})
    for number, tags in enumerate(others):
        name = f"{PREFIX}-{tag.id}-alike-{number}"
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=listed)
        iam.create_policy(PolicyName=name, PolicyDocument=NOTHING, Tags=listed)
        iam.create_instance_profile(InstanceProfileName=name, Tags=listed)
        kms.create_key(Tags=[{"TagKey": key, "TagValue": value} for key, value in tags.items()])
    kms.create_alias(AliasName=f"alias/{PREFIX}-{tag.id}", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def test_look_alikes_of_another_run_or_without_a_tag_stay(
    accounts: tuple[Account, Account], cloud: EmulatedCloud
) -> None:
    account, tag = accounts[0], RunTag()
    aws = AwsCloud(tag, cloud.endpoint_url)
    caller = caller_of(account, cloud, aws)
    look_alikes(account, tag)
    before = inventory(account)

    stage = AwsStage(aws, AwsAccount.of(caller, tag), None, REGION)
    stage.make_ready(Patience())
    kms = stage.key_administrator.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/of-the-run", TargetKeyId=key)
    caller.client("iam").create_policy(PolicyName=tag.role_name("Boundary"), PolicyDocument=NOTHING)

    cleaner = Cleaner(caller, tag, {REGION})
    found = cleaner.find()
    kinds = [left.kind for left in found]
    # Deployer, Tester, Untagged, TagBearer, Grantee, KeyAdministrator; a key to re-encrypt with, and the one above.
    assert (kinds.count("role"), kinds.count("key"), kinds.count("alias"), kinds.count("policy")) == (6, 2, 1, 1)
    assert found[-1].name.endswith("KeyAdministrator")
    assert cleaner.runs() == {tag.id, f"{tag.id}0"}
    assert cleaner.remove(found) == []
    assert cleaner.find() == []
    assert inventory(account) == before


def test_what_lost_its_tag_before_it_is_removed_stays(accounts: tuple[Account, Account], cloud: EmulatedCloud) -> None:
    account, tag = accounts[0], RunTag()
    caller = caller_of(account, cloud, AwsCloud(tag, cloud.endpoint_url))
    AwsAccount.of(caller, tag).create_role("Alone", trusted=[caller.arn])
    cleaner = Cleaner(caller, tag, {REGION})
    found = cleaner.find()
    account.root.client("iam").untag_role(RoleName=tag.role_name("Alone"), TagKeys=[TAG])
    assert cleaner.remove(found) == [f"role {found[0].name} stays: it does not carry the run's tag."]
    assert tag.role_name("Alone") in inventory(account)["roles"]
