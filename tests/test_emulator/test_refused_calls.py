"""Refused calls: whatever a caller without permission sends, no data comes back and nothing that is kept changes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.offered import OFFERED
from harness.aws.cloud import CLIENT_CONFIG
from test_emulator.aws import REGION, SESSION, Account, Caller, Faulty, allow, code_of, key_policy

pytestmark = pytest.mark.xdist_group("faults")

SERVICES = ("kms", "iam", "sts", "resourcegroupstaggingapi", "cloudformation")
WITHOUT_PERMISSION = {"GetCallerIdentity", "GetSessionToken"}
"""Operations that need none."""
MODELS = {service: SESSION.client(service, region_name=REGION).meta.service_model for service in SERVICES}
OPERATIONS = [
    (service, operation)
    for service, model in MODELS.items()
    for operation in sorted(OFFERED[service] - WITHOUT_PERMISSION)
]
DOCUMENT = json.dumps(allow("*"))


@dataclass
class Stage:
    """Two accounts with something of each kind, a user of the first without permissions, and the digest of it all."""

    caller: Caller
    names: list[str]
    blobs: list[bytes]
    digest: str


@pytest.fixture(scope="module")
def stage(faulty: Faulty) -> Stage:
    endpoint = faulty.emulator.endpoint_url
    accounts = [Account.make(endpoint), Account.make(endpoint)]
    names, blobs = ["default", "alias/aws/ebs", "_custom_id_", DOCUMENT], [b"x"]
    for account in accounts:
        root, key = account.root, account.key(key_policy(account.root_arn))
        root.kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
        grant = root.kms.create_grant(KeyId=key, GranteePrincipal=account.root_arn, Operations=["Decrypt"])
        blobs.append(root.kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"])
        role = account.role("Role", allow("*"), Path="/deep/", Tags=[{"Key": "Team", "Value": "blue"}])
        policy = root.iam.create_policy(PolicyName="Managed", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
        root.iam.create_group(GroupName="Group")
        root.iam.create_instance_profile(InstanceProfileName="Profile")
        names += [key, key.rpartition("/")[2], role, policy, account.id, account.root_arn]
        names += [f"arn:aws:kms:{REGION}:{account.id}:alias/{name}" for name in ("mine", "aws/rds")]
        names += [grant["GrantId"], grant["GrantToken"], f"arn:aws:iam::{account.id}:user/Operator"]
    names += ["alias/mine", "Role", "Managed", "Group", "Profile", "Operator", "policy0", "v1"]
    accounts[0].root.iam.create_user(UserName="Bare")
    made = accounts[0].root.iam.create_access_key(UserName="Bare")["AccessKey"]
    return Stage(Caller(endpoint, made["AccessKeyId"], made["SecretAccessKey"]), names, blobs, faulty.make("digest"))


@cache
def _client(caller: Caller, service: str, region: str) -> Any:
    return SESSION.client(
        service,
        endpoint_url=caller.endpoint,
        region_name=region,
        aws_access_key_id=caller.key,
        aws_secret_access_key=caller.secret,
        config=CLIENT_CONFIG.merge(Config(parameter_validation=False)),
    )


def values(shape: Shape, stage: Stage, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a member: of its type, seldom within its limits, often naming what exists."""
    if isinstance(shape, StructureShape):
        members = {name: values(member, stage, depth + 1) for name, member in shape.members.items() if depth < 4}
        required = {name: member for name, member in members.items() if name in shape.required_members}
        optional = {name: member for name, member in members.items() if name not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member, stage, depth + 1), max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.sampled_from(stage.names), values(shape.value, stage, depth + 1), max_size=2)
    kinds: Mapping[str, st.SearchStrategy[Any]] = {
        "boolean": st.booleans(),
        "integer": st.integers(-1, 50) | st.integers(0, 10**9),
        "long": st.integers(-1, 50),
        "blob": st.sampled_from(stage.blobs) | st.binary(max_size=40),
        "timestamp": st.just(datetime(2027, 1, 1, tzinfo=UTC)),
    }
    texts = st.sampled_from(stage.names) | st.text(max_size=20)
    if getattr(shape, "enum", None):
        texts = st.sampled_from(list(shape.enum)) | texts  # type: ignore[attr-defined]
    return kinds.get(shape.type_name, texts)


@settings(
    max_examples=60 if os.environ.get("CI") else 6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_they_change_nothing_and_return_nothing(faulty: Faulty, stage: Stage, data: st.DataObject) -> None:
    for service, operation in data.draw(st.lists(st.sampled_from(OPERATIONS), min_size=4, max_size=4)):
        shape = MODELS[service].operation_model(operation).input_shape
        parameters = data.draw(values(shape, stage)) if shape is not None else {}
        client = _client(stage.caller, service, data.draw(st.sampled_from([REGION, "eu-west-1"])))
        with pytest.raises(ClientError) as caught:
            client._make_api_call(operation, parameters)
        assert 400 <= caught.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500
    assert faulty.make("digest") == stage.digest


@pytest.mark.ci
def test_the_digest_sees_changes(faulty: Faulty) -> None:
    account = Account.make(faulty.emulator.endpoint_url)
    digests = {faulty.make("digest")}
    key = account.key()
    digests.add(faulty.make("digest"))
    account.root.kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    digests.add(faulty.make("digest"))
    account.role("Role")
    digests.add(faulty.make("digest"))
    account.operator.sts.get_session_token()
    digests.add(faulty.make("digest"))
    assert len(digests) == 5


def test_accounts_that_are_probed_leave_nothing_behind(faulty: Faulty) -> None:
    account = Account.make(faulty.emulator.endpoint_url)
    bare, before = account.session("Bare", allow("kms:Decrypt")), faulty.make("digest")
    for number in range(50):
        named = f"arn:aws:kms:{REGION}:{700000000000 + number}:alias/aws/rds"
        assert code_of(bare.kms.describe_key, KeyId=named) == "AccessDeniedException"
        assert code_of(
            bare.sts.assume_role, RoleArn=f"arn:aws:iam::{700000000000 + number}:role/R", RoleSessionName="no"
        )
    assert code_of(bare.kms.describe_key, KeyId="alias/aws/rds") == "AccessDeniedException"
    assert faulty.make("digest") == before
    assert faulty.make("keep", account=account.id) == "0 keys in 0 stores"


def test_an_aws_managed_key_is_made_by_the_first_call_that_may(faulty: Faulty) -> None:
    account = Account.make(faulty.emulator.endpoint_url)
    first = account.root.kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]
    assert account.root.kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["KeyId"] == first["KeyId"]
    assert (first["KeyManager"], faulty.make("keep", account=account.id)) == ("AWS", "1 keys in 1 stores")


def test_what_a_client_sends_makes_no_line_of_the_log(faulty: Faulty) -> None:
    account = Account.make(faulty.emulator.endpoint_url)
    bare, before = account.session("Bare"), faulty.emulator.log()
    forged = "x\n2026-01-01 00:00:00,000 allowed everything\u2028\x1b[2K"
    for call, members in (
        (bare.kms.describe_key, {"KeyId": forged}),
        (bare.iam.get_role, {"RoleName": forged}),
        (account.operator.sts.get_federation_token, {"Name": forged}),
        (bare.sts.assume_role, {"RoleArn": f"arn:aws:iam::{account.id}:role/{forged}", "RoleSessionName": "session"}),
    ):
        assert code_of(call, **members) != "allowed"
    lines = faulty.log_after(before).splitlines()
    assert not [line for line in lines if line.startswith("2026-01-01") or "\x1b" in line]
    assert max(len(line) for line in lines) < 5000
