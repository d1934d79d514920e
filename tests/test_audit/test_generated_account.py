"""Several hundred keys with generated policies: what the audit decides about each call is what the emulator answers.

The shapes are those of public key policies: most delegate, fully or by a list of actions; some name roles, callers,
services and tags; a few deny. RANDOM_SEED tries others.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from emulator import Emulator
from harness.aws import tally
from harness.paths import PROJECT
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.collect import Target, read
from plerion_kms.audit.judge import (
    APPLIANCE_ACTIONS,
    FOR_EBS,
    METADATA_ACROSS_ACCOUNTS,
    METADATA_ACTIONS,
    Judge,
)
from plerion_kms.audit.key_statements import additions
from plerion_kms.audit.report import Finding, Report, Verdict
from plerion_kms.audit.snapshot import SavedKey, Snapshot
from plerion_kms.authorization.decision import Outcome
from plerion_kms.guide import cross_account_additions, mode_statement, same_account_additions
from test_emulator.aws import REGION, Account, Caller, allow, policy, statement

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("audit-generated")]

KEYS = {"ALL_KEYS": 160, "SELECTED_KEYS": 80, "another account": 80}
GIVEN = yaml.safe_load((PROJECT / "tests" / "test_modules" / "policies.yaml").read_text(encoding="utf-8"))
TAGS: tuple[dict[str, str], ...] = (
    {},
    {},
    {},
    {"PlerionAccess": "Denied"},
    {"PlerionAccess": "denied"},
    {"PlerionAccess": "Granted"},
    {"PlerionAccess": "granted", "Team": "a"},
    {"PlerionAccess": "yes"},
    {"plerionaccess": "Denied"},
    {"Team": "a"},
)
LISTS = (
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    ["kms:DescribeKey", "kms:GenerateDataKey*", "kms:CreateGrant"],
    ["kms:DescribeKey"],
    ["kms:Decrypt", "kms:Get*", "kms:List*"],
    ["kms:*Encrypt*", "kms:CreateGrant"],
)


@dataclass
class Made:
    """A key, and something that it encrypted."""

    arn: str
    ciphertext: bytes


@dataclass
class World:
    """An integration with the keys that are its own or another account's.

    decided: key ARN, role and permission -> outcome.
    """

    home: Account
    owner: Account
    mode: str
    appliance: Caller
    access: Caller
    keys: list[Made] = field(default_factory=list)
    decided: dict[tuple[str, str, str], Outcome] = field(default_factory=dict)

    def snapshot(self) -> Snapshot:
        """Of both accounts, each read by its root."""
        parts = [
            read(
                boto3.Session(account.id, "any", region_name=REGION),
                [Target("")],
                [REGION],
                threads=4,
                organization=False,
                progress=lambda *_: None,
            )
            for account in {account.id: account for account in (self.home, self.owner)}.values()
        ]
        first, *others = parts
        return replace(
            first,
            accounts=tuple(account for part in parts for account in part.accounts),
            policies={digest: text for part in (first, *others) for digest, text in part.policies.items()},
        )

    def collect(self, judge: Judge, saved: SavedKey) -> Iterator[Finding]:
        """Keep what is decided about the calls as the roles themselves make them."""
        same = self.home is self.owner
        metadata = METADATA_ACTIONS if same else METADATA_ACROSS_ACCOUNTS
        for role, actions in (("appliance", APPLIANCE_ACTIONS), ("access", metadata)):
            for action, given in judge.answers_to(role, actions, saved, direct=True).items():
                self.decided[saved.arn, role, action] = given.outcome
        yield from ()


def policies_for(world: World, choose: random.Random) -> Iterator[str]:
    """Key policies without end, each of which leaves the account's root in control of the key."""
    owner, home = world.owner, world.home
    root = {"AWS": owner.root_arn}
    appliance = f"arn:aws:iam::{home.id}:role/PlerionApplianceRole"
    control = statement(
        "Allow", "kms:*", Principal=root, Resource="*", Condition={"ArnEquals": {"aws:PrincipalArn": owner.root_arn}}
    )

    def to(principal: Any, action: Any = "kms:*", effect: str = "Allow", **condition: Any) -> dict[str, Any]:
        made = statement(effect, action, Principal=principal, Resource="*")
        return {**made, "Condition": condition} if condition else made

    anyone = {"AWS": "*"}
    guide = same_account_additions() if home is owner else cross_account_additions(home.id)
    common: list[Callable[[], list[dict[str, Any]]]] = [
        lambda: [to(root)],
        lambda: [to({"AWS": owner.id})],
        lambda: [to(root, choose.choice(LISTS))],
        lambda: [to({"AWS": f"arn:aws:iam::{home.id}:root"}, choose.choice(("kms:*", *LISTS)))],
        lambda: guide,
        lambda: additions(home.id, owner.id),
        lambda: additions(home.id, owner.id, (appliance, appliance.replace("Appliance", "Access"))),
        lambda: cross_account_additions("777788889999"),
        lambda: [to({"AWS": appliance}, choose.choice(("kms:*", *LISTS)))],
    ]
    conditions: list[Callable[[], list[dict[str, Any]]]] = [
        lambda: [to(anyone, StringEquals={"kms:CallerAccount": choose.choice((home.id, "777788889999"))})],
        lambda: [
            to(
                anyone,
                LISTS[0],
                StringEquals={"kms:CallerAccount": home.id, "kms:ViaService": f"ec2.{REGION}.amazonaws.com"},
            )
        ],
        lambda: [to(root, ["kms:CreateGrant"], Bool={"kms:GrantIsForAWSResource": "true"})],
        lambda: [to(root, "kms:*", StringEquals={"aws:PrincipalType": choose.choice(("AssumedRole", "User"))})],
        lambda: [to(root, "kms:*", StringEquals={"aws:ResourceTag/Team": "a"})],
        lambda: [to(root, "kms:*", ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{home.id}:role/Plerion*"})],
        lambda: [to(root, "kms:*", StringLike={"aws:PrincipalTag/PlerionApplianceRole": "T*"})],
        lambda: [to(root, "kms:Decrypt", StringEquals={"kms:EncryptionContext:app": "a"})],
        lambda: [to(root, "kms:*", IpAddress={"aws:SourceIp": "203.0.113.0/24"})],
        lambda: [to({"Service": "s3.amazonaws.com"}, "kms:GenerateDataKey*")],
        lambda: [to("*", choose.choice(LISTS), "Deny", StringEquals={"aws:PrincipalTag/RolePurpose": "PlerionAccess"})],
        lambda: [to("*", "kms:Encrypt", "Deny", StringNotEquals={"aws:PrincipalAccount": owner.id})],
        lambda: [to("*", ["kms:CreateGrant", "kms:GetKeyPolicy"], "Deny",
                    ArnNotEquals={"aws:PrincipalArn": owner.root_arn})],
        lambda: [to("*", "kms:*Decrypt*", "Deny", StringEquals={"aws:ResourceTag/PlerionAccess": "Denied"},
                    ArnNotEquals={"aws:PrincipalArn": owner.root_arn})],
    ]  # fmt: skip
    numbers = {"111122223333": owner.id, "444455556666": home.id}
    texts = [re.sub("|".join(numbers), lambda found: numbers[found[0]], case["given"]) for case in GIVEN.values()]
    while True:
        if choose.random() < 0.15:
            given = json.loads(choose.choice(texts))
            found = given["Statement"] if isinstance(given["Statement"], list) else [given["Statement"]]
            yield json.dumps({**given, "Statement": [control, *found]})
            continue
        picked = [*choose.choices(common, k=choose.randint(0, 2)), *choose.choices(conditions, k=choose.randint(0, 2))]
        statements = [made for make in picked for made in make()]
        version = choose.choice(("2012-10-17", "2012-10-17", "2008-10-17"))
        yield json.dumps({"Version": version, "Statement": [control, *statements]})


def make_keys(world: World, number: int, choose: random.Random) -> None:
    kms = world.owner.root.kms
    appliance = f"arn:aws:iam::{world.home.id}:role/PlerionApplianceRole"
    refused = 0
    for text in policies_for(world, choose):
        if len(world.keys) == number:
            break
        tags = [{"TagKey": key, "TagValue": value} for key, value in choose.choice(TAGS).items()]
        try:
            arn = kms.create_key(Policy=text, Tags=tags, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
            ciphertext = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
        except ClientError:  # KMS takes no such policy, or it denies even the root
            refused += 1
            continue
        if choose.random() < 0.15:
            operations = choose.choice((["Decrypt"], ["Encrypt", "GenerateDataKey"], ["DescribeKey", "CreateGrant"]))
            kms.create_grant(KeyId=arn, GranteePrincipal=appliance, Operations=operations)
        world.keys.append(Made(arn, ciphertext))
    assert refused < number


@pytest.fixture(scope="module", params=list(KEYS))
def world(request: pytest.FixtureRequest, emulator: Emulator) -> World:
    """An integration, its roles' sessions, and generated keys."""
    home = Account.make(emulator.endpoint_url)
    mode = "SELECTED_KEYS" if request.param == "SELECTED_KEYS" else "ALL_KEYS"
    sessions: list[Caller] = []
    for name, document, tag in (
        ("PlerionApplianceRole", policy(mode_statement(mode)), ("PlerionApplianceRole", "True")),
        ("PlerionAccessRole", allow("kms:Describe*", "kms:List*", "kms:Get*"), ("RolePurpose", "PlerionAccess")),
    ):
        role = home.role(name, document, Tags=[{"Key": tag[0], "Value": tag[1]}])
        sessions.append(home.operator.assume(role))
    owner = Account.make(emulator.endpoint_url) if request.param == "another account" else home
    made = World(home, owner, mode, sessions[0], sessions[1])
    seed = os.environ.get("RANDOM_SEED", "0")
    make_keys(made, KEYS[request.param], random.Random(f"{seed} {request.param}"))  # noqa: S311 (no secret)
    return made


def calls_of(world: World, key: Made, helper: Made, grantee: str) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """Role, permission and call. helper: a key that is open to the appliance."""
    kms, arn, other = world.appliance.kms, key.arn, helper.arn
    pair = {"KeyId": arn, "KeyPairSpec": "ECC_NIST_P256"}
    appliance: dict[str, Callable[[], object]] = {
        "kms:Encrypt": lambda: kms.encrypt(KeyId=arn, Plaintext=b"x"),
        "kms:Decrypt": lambda: kms.decrypt(KeyId=arn, CiphertextBlob=key.ciphertext),
        "kms:ReEncryptFrom": lambda: kms.re_encrypt(
            CiphertextBlob=key.ciphertext, SourceKeyId=arn, DestinationKeyId=other
        ),
        "kms:ReEncryptTo": lambda: kms.re_encrypt(
            CiphertextBlob=helper.ciphertext, SourceKeyId=other, DestinationKeyId=arn
        ),
        "kms:GenerateDataKey": lambda: kms.generate_data_key(KeyId=arn, KeySpec="AES_256"),
        "kms:GenerateDataKeyWithoutPlaintext": lambda: kms.generate_data_key_without_plaintext(
            KeyId=arn, KeySpec="AES_256"
        ),
        "kms:GenerateDataKeyPair": lambda: kms.generate_data_key_pair(**pair),
        "kms:GenerateDataKeyPairWithoutPlaintext": lambda: kms.generate_data_key_pair_without_plaintext(**pair),
        "kms:DescribeKey": lambda: kms.describe_key(KeyId=arn),
        # To another role, so that no later call of the appliance is answered otherwise.
        "kms:CreateGrant": lambda: kms.create_grant(KeyId=arn, GranteePrincipal=grantee, Operations=["Decrypt"]),
    }
    reader = world.access.kms
    access: dict[str, Callable[[], object]] = {
        "kms:DescribeKey": lambda: reader.describe_key(KeyId=arn),
        "kms:GetKeyPolicy": lambda: reader.get_key_policy(KeyId=arn, PolicyName="default"),
        "kms:GetKeyRotationStatus": lambda: reader.get_key_rotation_status(KeyId=arn),
        "kms:ListGrants": lambda: reader.list_grants(KeyId=arn),
        "kms:ListKeyPolicies": lambda: reader.list_key_policies(KeyId=arn),
        "kms:ListResourceTags": lambda: reader.list_resource_tags(KeyId=arn),
    }
    yield from (("appliance", action, call) for action, call in appliance.items())
    yield from (("access", action, call) for action, call in access.items())


def outcome_of(call: Callable[[], object]) -> str:
    try:
        call()
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        return "refused" if code == "AccessDeniedException" else code
    return "allowed"


def judged(world: World) -> Report:
    return assess(world.snapshot(), Options(integration_account=world.home.id), [world.collect])


def test_what_is_decided_is_what_the_calls_give(
    world: World, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    grantee = world.home.role("Grantee")
    report = judged(world)
    helper_arn = world.home.key(tags={"PlerionAccess": "Granted"})
    helper = Made(helper_arn, world.home.root.kms.encrypt(KeyId=helper_arn, Plaintext=b"x")["CiphertextBlob"])
    asked = [
        (key.arn, role, action, call)
        for key in world.keys
        for role, action, call in calls_of(world, key, helper, grantee)
        if (key.arn, role, action) in world.decided
    ]
    with ThreadPoolExecutor(8) as pool:
        real = dict(zip([each[:3] for each in asked], pool.map(lambda each: outcome_of(each[3]), asked), strict=True))
    tally.CURRENT.asserted += len(real)
    texts = {key.arn: (report.policies[key.policy or ""], key.tag) for key in report.keys}
    wrong = [
        (*place, world.decided[place].value, given, texts[place[0]])
        for place, given in real.items()
        if world.decided[place] is not Outcome.UNDECIDED and world.decided[place].value != given
    ]
    assert wrong == []
    _no_open_key_is_refused(report, real)
    counts = Counter(world.decided[place] for place in real)
    assert counts[Outcome.ALLOWED] > len(real) / 10 < counts[Outcome.REFUSED]
    assert counts[Outcome.UNDECIDED] < len(real) / 3


def _no_open_key_is_refused(report: Report, real: Mapping[tuple[str, str, str], str]) -> None:
    opened = {key.arn for key in report.keys if key.verdict is Verdict.OPEN}
    refused = {
        (arn, action)
        for (arn, role, action), given in real.items()
        # EC2's own calls are judged as EC2 makes them, which nothing here can.
        if role == "appliance" and arn in opened and action not in FOR_EBS and given != "allowed"
    }
    assert refused == set()
