"""The audit on the emulator: under exactly the printed policy, and compared with what real calls give."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import Emulator
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.collect import Target, read
from plerion_kms.audit.report import Finding
from plerion_kms.audit.snapshot import Snapshot
from plerion_kms.guide import mode_statement, same_account_additions
from test_emulator.aws import REGION, Account, Caller

pytestmark = pytest.mark.xdist_group("audit-emulator")

PERMISSIONS = json.loads(resources.files("plerion_kms.audit").joinpath("permissions.json").read_text(encoding="utf-8"))
TAGGED = {"StringEquals": {"aws:PrincipalTag/PlerionApplianceRole": "True"}}
DIRECT: Mapping[str, Callable[[Any, str], Any]] = {
    "kms:Encrypt": lambda kms, key: kms.encrypt(KeyId=key, Plaintext=b"x"),
    "kms:GenerateDataKey": lambda kms, key: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
    "kms:DescribeKey": lambda kms, key: kms.describe_key(KeyId=key),
}


def _shapes(account: Account) -> Mapping[str, tuple[list[dict[str, Any]], dict[str, str]]]:
    """Statements and tags by name. Each policy keeps the account's administrator in control."""
    root = {"AWS": account.root_arn}
    admin = {
        "Effect": "Allow",
        "Principal": root,
        "Action": ["kms:Put*", "kms:GetKeyPolicy", "kms:List*", "kms:DescribeKey", "kms:TagResource"],
        "Resource": "*",
    }
    full = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    bare = {**full, "Principal": {"AWS": account.id}}
    no_encrypt = {"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}
    through_s3 = {**full, "Condition": {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}}
    to_caller = {**full, "Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"kms:CallerAccount": account.id}}}
    no_appliance = {**no_encrypt, "Action": "kms:*", "Condition": TAGGED}
    shapes: dict[str, tuple[list[dict[str, Any]], dict[str, str]]] = {}
    policies: dict[str, list[dict[str, Any]]] = {
        "delegating": [full],
        "account id": [bare],
        "isolated": [admin],
        "isolated with additions": [admin, *same_account_additions()],
        "no encryption": [full, no_encrypt],
        "through S3": [admin, through_s3],
        "any principal of the account": [admin, to_caller],
        "appliance denied": [full, no_appliance],
    }
    for name, statements in policies.items():
        for value in ("", "Denied", "Granted"):
            shapes[f"{name}, tag {value or 'none'}"] = (statements, {"PlerionAccess": value} if value else {})
    return shapes


@dataclass
class Audited:
    """What the audit read, the keys by shape, the appliance, and the operations that were called."""

    snapshot: Snapshot
    keys: Mapping[str, str]
    appliance: Caller
    called: set[str]


@pytest.fixture(scope="module")
def audited(emulator: Emulator) -> Audited:
    """An account with a key of each shape, read once as a role that has the printed policy and no other."""
    account = Account.make(emulator.endpoint_url)
    mode = {"Version": "2012-10-17", "Statement": [mode_statement("ALL_KEYS")]}
    tags = [{"Key": "PlerionApplianceRole", "Value": "True"}]
    appliance = account.operator.assume(account.role("PlerionApplianceRole", mode, Tags=tags))
    keys = {}
    for name, (statements, key_tags) in _shapes(account).items():
        keys[name] = account.root.kms.create_key(
            Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}),
            Tags=[{"TagKey": key, "TagValue": value} for key, value in key_tags.items()],
            BypassPolicyLockoutSafetyCheck=True,
        )["KeyMetadata"]["Arn"]
    auditor = account.session("PlerionKmsAudit", PERMISSIONS)
    session = boto3.Session(auditor.key, auditor.secret, auditor.token, region_name=REGION)
    called: set[str] = set()
    session.events.register(
        "before-call", lambda model, **_: called.add(f"{model.service_model.service_name}:{model.name}")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        snapshot = read(
            session, [Target("")], [REGION], threads=4, organization=False, progress=lambda *_: None
        )  # fmt: skip
    return Audited(snapshot, keys, appliance, called)


def test_the_printed_policy_is_enough_and_nothing_else_is_called(audited: Audited) -> None:
    lists = [statement["Action"] for statement in PERMISSIONS["Statement"]]
    allowed = {action for actions in lists for action in ([actions] if isinstance(actions, str) else actions)}
    assert [unread.sentence for unread in assess(audited.snapshot, Options()).unread] == []
    assert audited.called - {"sts:GetCallerIdentity"} <= allowed


def test_answers_equal_those_of_real_calls(audited: Audited) -> None:
    by_arn = {key.arn: key for key in assess(audited.snapshot, Options()).keys}
    for name, arn in audited.keys.items():
        answers = dict(by_arn[arn].roles[0].actions)
        for action, call in DIRECT.items():
            real = _real(call, audited.appliance.kms, arn)
            assert answers[action].outcome.value == real, (name, action, answers[action].reason)


@pytest.mark.ci
def test_a_role_without_a_mode_gets_one_by_the_printed_command(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    account = Account.make(emulator.endpoint_url)
    account.role("PlerionApplianceRole", Tags=[{"Key": "PlerionApplianceRole", "Value": "True"}])
    account.key()

    def findings() -> list[Finding]:
        session = boto3.Session(account.id, "any", region_name=REGION)
        snapshot = read(
            session, [Target("")], [REGION], threads=4, organization=False, progress=lambda *_: None
        )  # fmt: skip
        return list(assess(snapshot, Options()).findings)

    (finding,) = findings()
    assert finding.rule == "PLERION_KMS_14"
    words = shlex.split(finding.fix.command)
    assert words[:3] == ["aws", "iam", "put-role-policy"]
    given = dict(zip(words[3::2], words[4::2], strict=True))
    account.root.iam.put_role_policy(
        RoleName=given["--role-name"],
        PolicyName=given["--policy-name"],
        PolicyDocument=given["--policy-document"],
    )
    assert findings() == []


def _real(call: Callable[[Any, str], Any], kms: Any, arn: str) -> str:
    try:
        call(kms, arn)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return "refused" if code == "AccessDeniedException" else str(code)
    return "allowed"
