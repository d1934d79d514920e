"""An account as customers have it: the two roles as Plerion's stack makes them, and keys of many shapes.

`python -m test_audit.seeded COUNT` starts an emulator with such an account of COUNT keys and prints how to reach it, so
that a person can follow the audit's advice by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plerion_kms.guide import cross_account_additions, mode_statement, same_account_additions

ACCOUNT = "100020003000"
OTHER_ACCOUNT = "444455556666"
PLERION_ACCOUNT = "588158338731"
REGIONS = ("us-east-1", "eu-west-1")
APPLIANCE = f"arn:aws:iam::{ACCOUNT}:role/PlerionApplianceRole"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"

METADATA = {
    "Effect": "Allow",
    "Action": ["kms:Describe*", "kms:List*", "kms:Get*"],
    "Resource": "*",
}


@dataclass(frozen=True)
class Shape:
    """A kind of key. statements: of its policy. finding: the rules that the audit has to report about it, by hand."""

    statements: Sequence[Mapping[str, Any]]
    findings: frozenset[str] = frozenset()
    version: str = "2012-10-17"
    tags: Mapping[str, str] | None = None
    grant: bool = False


def statement(action: str | list[str], **more: Any) -> dict[str, Any]:
    """A statement for the account root, unless `more` has another Principal."""
    return {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": action, "Resource": "*", **more}


DELEGATING = statement("kms:*", Sid="Enable IAM User Permissions")
ADMINISTRATOR = statement(
    ["kms:Create*", "kms:Describe*", "kms:Get*", "kms:List*", "kms:Put*", "kms:Tag*", "kms:Untag*", "kms:RevokeGrant"],
    Sid="Administration",
    Condition={"StringEquals": {"aws:PrincipalArn": ROOT}},
)
VIA_RDS = statement(
    ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"],
    Sid="Allow access through RDS",
    Principal={"AWS": "*"},
    Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "rds.us-east-1.amazonaws.com"}},
)
BY_USER = statement(
    "kms:Decrypt",
    Sid="Own context",
    Condition={"StringEquals": {"kms:EncryptionContext:user": "${aws:username}"}},
)

NO_METADATA = frozenset({"PLERION_KMS_01"})
"""The access role has no policy for what the key policy delegates to it."""
NOTHING = frozenset({"PLERION_KMS_01", "PLERION_KMS_02"})
UNDECIDED = frozenset({"PLERION_KMS_17"})
EBS = frozenset({"PLERION_KMS_04"})
PART = frozenset({"PLERION_KMS_03"})

SHAPES: Mapping[str, Shape] = {
    "default": Shape([DELEGATING], NO_METADATA),
    "bare-account-id": Shape([statement("kms:*", Principal={"AWS": ACCOUNT})], NO_METADATA),
    "old-version": Shape([DELEGATING], NO_METADATA, version="2008-10-17"),
    "with-service": Shape(
        [DELEGATING, VIA_RDS, statement("kms:GenerateDataKey*", Principal={"Service": "s3.amazonaws.com"})], NO_METADATA
    ),
    "listed-fully": Shape([statement(["kms:*"])], NO_METADATA),
    "denied": Shape([DELEGATING], tags={"PlerionAccess": "Denied"}),
    "other-tags": Shape([DELEGATING], NO_METADATA, tags={"Owner": "Accounts", "cost-center": "42"}),
    "administrator-alone": Shape([ADMINISTRATOR], NOTHING),
    "old-administrator": Shape([ADMINISTRATOR], NOTHING, version="2008-10-17"),
    "service-alone": Shape([ADMINISTRATOR, VIA_RDS], NOTHING),
    "with-variable": Shape([ADMINISTRATOR, BY_USER], UNDECIDED),
    "without-grants": Shape(
        [
            ADMINISTRATOR,
            statement(["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]),
        ],
        EBS | NO_METADATA,
    ),
    "describe-alone": Shape([ADMINISTRATOR, statement(["kms:DescribeKey"])], PART | NO_METADATA),
    "guide": Shape([ADMINISTRATOR, *same_account_additions()], EBS | NO_METADATA | {"PLERION_KMS_09"}),
    "guide-under-old-version": Shape(
        [ADMINISTRATOR, *same_account_additions()], NOTHING | {"PLERION_KMS_07", "PLERION_KMS_09"}, version="2008-10-17"
    ),
    "guide-other-account": Shape(
        [ADMINISTRATOR, *cross_account_additions(OTHER_ACCOUNT)], NOTHING | {"PLERION_KMS_06"}
    ),
    "guide-denied": Shape(
        [ADMINISTRATOR, *same_account_additions()],
        frozenset({"PLERION_KMS_05", "PLERION_KMS_09"}),
        tags={"PlerionAccess": "Denied"},
    ),
    "named-denied": Shape(
        [ADMINISTRATOR, statement(["kms:Decrypt"], Sid="The appliance", Principal={"AWS": APPLIANCE})],
        frozenset({"PLERION_KMS_05"}),
        tags={"PlerionAccess": "Denied"},
    ),
    "differently-spelled-tag": Shape([DELEGATING], NO_METADATA | {"PLERION_KMS_12"}, tags={"plerionaccess": "no"}),
    "misspelled-tag": Shape([DELEGATING], NO_METADATA | {"PLERION_KMS_12"}, tags={"PlerionAccess": "Grantd"}),
    "granted-before": Shape([DELEGATING], frozenset({"PLERION_KMS_10"}), tags={"PlerionAccess": "Denied"}, grant=True),
    "owned": Shape([ADMINISTRATOR], NOTHING | {"PLERION_KMS_18"}, tags={"ManagedBy": "Terraform"}),
    "old-text": Shape([ADMINISTRATOR, BY_USER], UNDECIDED, version="2008-10-17"),
}


@dataclass(frozen=True)
class Seeded:
    """names: by the key's ARN, the name of its shape."""

    names: Mapping[str, str]


def seed(client: Any, count: int) -> Seeded:
    """Make the roles and `count` keys, the shapes in turn, in two Regions.

    client: from a service and a Region to a boto3 client with credentials of the account's root.
    """
    _make_roles(client("iam", "us-east-1"))
    names = {}
    for number in range(count):
        name = list(SHAPES)[number % len(SHAPES)]
        shape, kms = SHAPES[name], client("kms", REGIONS[number // len(SHAPES) % len(REGIONS)])
        policy = json.dumps({"Version": shape.version, "Statement": list(shape.statements)}, indent=2)
        tags = [{"TagKey": key, "TagValue": value} for key, value in (shape.tags or {}).items()]
        arn = kms.create_key(Policy=policy, Tags=tags)["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName=f"alias/{name}/{number}", TargetKeyId=arn)
        if shape.grant:
            kms.create_grant(KeyId=arn, GranteePrincipal=APPLIANCE, Operations=["Decrypt", "CreateGrant"])
        names[arn] = name
    return Seeded(names)


def _make_roles(iam: Any) -> None:
    def trust(principal: Mapping[str, str], *actions: str) -> str:
        return policy({"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", *actions]})

    def policy(*statements: Mapping[str, Any]) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    ec2 = {"Service": "ec2.amazonaws.com"}
    iam.create_role(
        RoleName="PlerionApplianceRole",
        AssumeRolePolicyDocument=trust(ec2),
        Tags=[{"Key": "PlerionApplianceRole", "Value": "True"}],
    )
    # One mode too many, next to a statement that has to stay.
    volumes = {"Effect": "Allow", "Action": "ec2:DescribeVolumes", "Resource": "*"}
    for name, statements in {
        "kms": [mode_statement("ALL_KEYS")],
        "selected": [volumes, mode_statement("SELECTED_KEYS")],
    }.items():
        iam.put_role_policy(RoleName="PlerionApplianceRole", PolicyName=name, PolicyDocument=policy(*statements))
    # Its tag is missing, by which key policies know the role, and its trust policy asks for no external id.
    iam.create_role(
        RoleName="PlerionAccessRole",
        AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{PLERION_ACCOUNT}:root"}),
    )
    iam.create_role(RoleName="Pipeline", AssumeRolePolicyDocument=trust(ec2, "sts:TagSession"))


def main() -> None:
    """See the module's text."""
    import boto3

    from emulator import Emulator

    count = int(sys.argv[1])
    with Emulator() as emulator:
        session = boto3.Session(ACCOUNT, "secret")
        seed(lambda name, region: session.client(name, region, endpoint_url=emulator.endpoint_url), count)
        sys.stdout.write(f"export AWS_ENDPOINT_URL={emulator.endpoint_url}\n")
        sys.stdout.write(f"export AWS_ACCESS_KEY_ID={ACCOUNT} AWS_SECRET_ACCESS_KEY=secret\n")
        sys.stdout.write(f"{count} keys in {' and '.join(REGIONS)}; the end of the input ends it.\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
