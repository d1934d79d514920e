"""What LocalStack offers beyond AWS's API is out of reach: its tags are plain tags."""

from __future__ import annotations

import base64
import json

import pytest

from test_emulator.aws import Account, Caller, allow, code_of, key_policy, trusting

CUSTOM_ID, CUSTOM_MATERIAL = "_custom_id_", "_custom_key_material_"


def test_a_tag_does_not_choose_the_id_of_a_key(account: Account) -> None:
    victim = account.key(key_policy(account.root_arn), tags={"Owner": "security"})
    caller = account.session("Maker", allow("kms:CreateKey", "kms:TagResource"))
    before = account.root.kms.get_key_policy(KeyId=victim)["Policy"]
    blob = account.root.kms.encrypt(KeyId=victim, Plaintext=b"x")["CiphertextBlob"]
    tags = [{"TagKey": CUSTOM_ID, "TagValue": victim.rpartition("/")[2]}]
    made = caller.kms.create_key(Tags=tags)["KeyMetadata"]["Arn"]
    assert made != victim
    assert account.root.kms.list_resource_tags(KeyId=made)["Tags"] == tags
    assert account.root.kms.get_key_policy(KeyId=victim)["Policy"] == before
    assert account.root.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_tag_does_not_choose_the_material_of_a_key(account: Account) -> None:
    material = base64.b64encode(b"0" * 32).decode()
    keys = [account.key(tags={CUSTOM_MATERIAL: material}) for _ in range(2)]
    tags = account.root.kms.list_resource_tags(KeyId=keys[0])["Tags"]
    assert tags == [{"TagKey": CUSTOM_MATERIAL, "TagValue": material}]
    described = [account.root.kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"] for key in keys]
    assert described[0] != described[1]
    blob = account.root.kms.encrypt(KeyId=keys[0], Plaintext=b"x")["CiphertextBlob"]
    swapped = keys[1].rpartition("/")[2].encode() + blob[36:]
    assert code_of(account.root.kms.decrypt, CiphertextBlob=swapped) == "InvalidCiphertextException"


@pytest.mark.parametrize("key", [CUSTOM_ID, "_CUSTOM_ID_"])
def test_a_tag_does_not_choose_the_unique_id_of_an_identity(account: Account, key: str) -> None:
    iam, trust = account.root.iam, json.dumps(trusting(account.root_arn))
    tags = [{"Key": key, "Value": "AROACHOSENBYTHECLIENT"}]
    role = iam.create_role(RoleName="Role", AssumeRolePolicyDocument=trust, Tags=tags)["Role"]
    user = iam.create_user(UserName="User", Tags=tags)["User"]
    policy = iam.create_policy(PolicyName="Policy", PolicyDocument=json.dumps(allow("kms:*")), Tags=tags)["Policy"]
    ids = {role["RoleId"][:4], user["UserId"][:4], policy["PolicyId"][:1]}
    assert "AROACHOSENBYTHECLIENT" not in {role["RoleId"], user["UserId"], policy["PolicyId"]}
    assert ids == {"AROA", "AIDA", "A"}
    assert iam.list_role_tags(RoleName="Role")["Tags"] == tags


def test_a_tag_of_a_replica_chooses_nothing(account: Account) -> None:
    primary = account.key(MultiRegion=True)
    tags = [{"TagKey": CUSTOM_MATERIAL, "TagValue": "MDAw"}]
    account.root.kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1", Tags=tags)
    there = Caller(account.root.endpoint, account.id, region="eu-west-1")
    replica = primary.replace("us-east-1", "eu-west-1")
    assert there.kms.list_resource_tags(KeyId=replica)["Tags"] == tags
    blob = account.root.kms.encrypt(KeyId=primary, Plaintext=b"x")["CiphertextBlob"]
    assert there.kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("decrypt", {"CiphertextBlob": b"x", "Recipient": {"AttestationDocument": b"x"}}),
        ("create_key", {"CustomKeyStoreId": "cks-1"}),
        ("create_key", {"XksKeyId": "1"}),
    ],
)
def test_what_localstack_accepts_and_ignores_is_not_offered(account: Account, operation: str, members: object) -> None:
    if operation == "decrypt":
        blob = account.root.kms.encrypt(KeyId=account.key(), Plaintext=b"x")["CiphertextBlob"]
        members = {**dict(members), "CiphertextBlob": blob}  # type: ignore[call-overload]
    assert code_of(getattr(account.root.kms, operation), **members) == "UnsupportedOperation"  # type: ignore[arg-type]
