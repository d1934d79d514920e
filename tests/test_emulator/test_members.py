"""Members that KMS, IAM and STS have and LocalStack's models do not know: refused by name, never dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from emulator import Emulator
from test_emulator.aws import Account

ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}'


def post(emulator: Emulator, account: Account, service: str, data: str | dict[str, str], **headers: str) -> Any:
    scope = f"Credential={account.id}/20261125/us-east-1/{service}/aws4_request"
    signed = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x"
    return requests.post(emulator.endpoint_url, data=data, headers={"Authorization": signed, **headers}, timeout=10)


def kms(emulator: Emulator, account: Account, operation: str, members: dict[str, Any]) -> Any:
    headers = {"X-Amz-Target": f"TrentService.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    return post(emulator, account, "kms", json.dumps(members), **headers)


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"Constraints": {"SourceArn": "arn:aws:s3:::bucket"}}, "Constraints.SourceArn"),
        ({"GranteeServicePrincipal": "ec2.amazonaws.com"}, "GranteeServicePrincipal"),
        ({"RetiringServicePrincipal": "ec2.amazonaws.com", "Later": {"a": 1}}, "RetiringServicePrincipal, Later"),
    ],
)
def test_a_grant_is_not_made_without_a_member_that_it_was_asked_with(
    emulator: Emulator, account: Account, members: dict[str, Any], named: str
) -> None:
    key = account.key()
    wanted = {"KeyId": key, "GranteePrincipal": account.root_arn, "Operations": ["Decrypt"], **members}
    answer = kms(emulator, account, "CreateGrant", wanted)
    assert (answer.status_code, answer.json()["__type"]) == (400, "UnsupportedOperation")
    assert named in str(answer.json())
    assert account.root.kms.list_grants(KeyId=key)["Grants"] == []


def test_members_that_are_known_are_taken(emulator: Emulator, account: Account) -> None:
    """Names that callers choose are none of the model's: pairs of an encryption context, tags."""
    key = account.key()
    constraints = {"EncryptionContextSubset": {"SourceArn": "x", "Later": "y"}}
    wanted = {"KeyId": key, "GranteePrincipal": account.root_arn, "Operations": ["Decrypt"], "Constraints": constraints}
    assert kms(emulator, account, "CreateGrant", wanted).status_code == 200
    assert kms(emulator, account, "TagResource", {"KeyId": key, "Tags": [{"TagKey": "a", "TagValue": "b"}]}).ok


def test_a_tag_with_a_member_too_many_is_refused(emulator: Emulator, account: Account) -> None:
    wanted = {"KeyId": account.key(), "Tags": [{"TagKey": "a", "TagValue": "b", "Later": "c"}]}
    answer = kms(emulator, account, "TagResource", wanted)
    assert (answer.status_code, "Tags.Later" in answer.text) == (400, True)


def test_the_simulator_does_not_answer_without_a_member_that_it_was_asked_with(
    emulator: Emulator, account: Account
) -> None:
    asked = {"Action": "SimulateCustomPolicy", "Version": "2010-05-08", "ActionNames.member.1": "kms:Decrypt"}
    asked["PolicyInputList.member.1"] = ALLOW
    assert post(emulator, account, "iam", asked).status_code == 200
    answer = post(emulator, account, "iam", asked | {"PolicyExclusionList.member.1.PolicyName": "x"})
    assert (answer.status_code, "PolicyExclusionList" in answer.text) == (400, True)
