"""What the options that limit the appliance leave of its access, asked of the emulator with the rendered documents.

No service of the emulator calls KMS for a principal; IAM's policy simulator is given that one does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from harness.access.probes import Target, probe
from harness.aws import tally
from harness.aws.cloud import EmulatedCloud
from harness.aws.keys import KeyDescription, create_key
from harness.aws.principals import Account, Principal, role_arn
from harness.aws.simulation import FOR_AWS_RESOURCE, ContextEntry, simulated
from plerion_kms.guide import mode_statement

pytestmark = pytest.mark.xdist_group("modules")

USE = ("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant")


def via(service: str) -> ContextEntry:
    """The context of a call that the service makes."""
    return ("kms:ViaService", "string", f"{service}.us-east-1.amazonaws.com")


@pytest.fixture(scope="module")
def account(cloud: EmulatedCloud) -> Account:
    """An account of these tests."""
    return Account.make(cloud)


def used(
    account: Account, policy: str, arns: Sequence[str], *context: ContextEntry, **members: str
) -> dict[str, set[str]]:
    """Resource -> the actions of USE that the simulator allows on it by an identity policy, among others if given."""
    return simulated(account, USE, arns, context, PolicyInputList=[policy], **members)


def test_the_statement_is_limited_to_accounts_regions_and_services(account: Account, rendered: dict[str, Any]) -> None:
    listed = ["arn:aws:kms:us-east-1:111122223333:key/1", "arn:aws:kms:eu-west-1:111122223333:key/1"]
    others = [
        "arn:aws:kms:us-east-1:444455556666:key/1",
        "arn:aws:kms:eu-central-1:111122223333:key/1",
        "arn:aws:kms:us-east-1:111122223333:alias/name",
    ]
    nothing: dict[str, set[str]] = {arn: set() for arn in (*listed, *others)}
    by_ec2 = used(account, rendered["limited"], (*listed, *others), via("ec2"), FOR_AWS_RESOURCE)
    assert by_ec2 == {**nothing, **{arn: set(USE) for arn in listed}}
    without_the_mark = used(account, rendered["limited"], listed, via("ec2"))
    assert without_the_mark == {arn: set(USE) - {"kms:CreateGrant"} for arn in listed}
    for context in ((via("s3"), FOR_AWS_RESOURCE), (FOR_AWS_RESOURCE,)):
        assert used(account, rendered["limited"], listed, *context) == {arn: set() for arn in listed}


def test_the_statement_covers_one_partition(account: Account, rendered: dict[str, Any]) -> None:
    aws, govcloud = "arn:aws:kms:us-east-1:111122223333:key/1", "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1"
    assert used(account, rendered["govcloud"], [aws, govcloud]) == {aws: set(), govcloud: set(USE)}
    assert used(account, rendered["mode"]["ALL_KEYS"], [aws, govcloud]) == {aws: set(USE), govcloud: set()}


def test_the_statement_names_keys_one_by_one(account: Account, rendered: dict[str, Any]) -> None:
    named = ["arn:aws:kms:us-east-1:111122223333:key/mrk-1", "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/2"]
    others = [
        "arn:aws:kms:us-east-1:111122223333:key/mrk-12",
        "arn:aws:kms:eu-west-1:111122223333:key/mrk-1",
        "arn:aws:kms:us-east-1:444455556666:key/mrk-1",
    ]
    found = used(account, rendered["named_keys"], [*named, *others])
    assert found == {**{arn: set(USE) for arn in named}, **{arn: set() for arn in others}}


def test_the_access_role_lists_keys_and_aliases(account: Account, rendered: dict[str, Any]) -> None:
    arn = account.create_role("Access", trusted=[account.operator.arn])
    account.root.client("iam").put_role_policy(
        RoleName="Access", PolicyName="Metadata", PolicyDocument=rendered["metadata"]
    )
    kms = account.operator.assume(arn).client("kms")
    tally.CURRENT.asserted += 3
    assert "Keys" in kms.list_keys()
    assert "Aliases" in kms.list_aliases()
    with pytest.raises(ClientError, match="kms:CreateKey"):
        kms.create_key()


# Who may describe which key, by mode: other policies of the role, and the keys' own, allow it, and the Deny of the
# hardened documents alone refuses. By key: its tag and aliases.
BOUND: dict[str, tuple[str, tuple[str, ...], dict[str, bool]]] = {
    "no alias": ("", (), {"ALL_KEYS": True, "SELECTED_KEYS": False}),
    "an alias": ("", ("alias/app",), {"ALL_KEYS": True, "SELECTED_KEYS": False}),
    "several aliases": ("", ("alias/a", "alias/b", "alias/z"), {"ALL_KEYS": True, "SELECTED_KEYS": False}),
    "aliases that resemble AWS's": (
        "",
        ("alias/aws-ebs", "alias/x/alias/aws/ebs", "alias/AWS/ebs"),
        {"ALL_KEYS": True, "SELECTED_KEYS": False},
    ),
    "another value": ("Maybe", ("alias/maybe",), {"ALL_KEYS": True, "SELECTED_KEYS": False}),
    "granted, no alias": ("granted", (), {"ALL_KEYS": True, "SELECTED_KEYS": True}),
    "granted, an alias": ("Granted", ("alias/granted",), {"ALL_KEYS": True, "SELECTED_KEYS": True}),
    "denied, no alias": ("Denied", (), {"ALL_KEYS": False, "SELECTED_KEYS": False}),
    "denied, an alias": ("Denied", ("alias/denied",), {"ALL_KEYS": False, "SELECTED_KEYS": False}),
}


def test_the_binding_tag_leaves_aws_managed_keys_alone(
    account: Account, administrator: Principal, rendered: dict[str, Any]
) -> None:
    arn = account.create_role("Bound", trusted=[account.operator.arn], allow=("kms:*",))
    appliance = account.operator.assume(arn)
    iam, kms = account.root.client("iam"), administrator.client("kms")
    keys = {
        name: create_key(
            administrator, KeyDescription(tags={"PlerionAccess": tag} if tag else {}), administrator.account
        )
        for name, (tag, _, _) in BOUND.items()
    }
    for name, (_, aliases, _) in BOUND.items():
        for alias in aliases:
            kms.create_alias(AliasName=alias, TargetKeyId=keys[name].arn)
    ebs = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    key_policy = kms.get_key_policy(KeyId=ebs)["Policy"]

    def describes(key_arn: str) -> bool:
        tally.CURRENT.asserted += 1
        try:
            appliance.client("kms").describe_key(KeyId=key_arn)
        except ClientError as error:
            if "explicit deny" not in error.response["Error"]["Message"]:
                raise
            return False
        return True

    by_ec2 = (via("ec2"), ("kms:CallerAccount", "string", account.id), FOR_AWS_RESOURCE)
    for mode, document in rendered["hardened"].items():
        iam.put_role_policy(RoleName="Bound", PolicyName="Mode", PolicyDocument=document)
        assert {name: describes(key.arn) for name, key in keys.items()} == {
            name: allowed[mode] for name, (_, _, allowed) in BOUND.items()
        }
        assert describes(ebs)
        # The volumes under aws/ebs: EC2 calls for the appliance, and the key policy allows the account's principals.
        aliases = ("kms:ResourceAliases", "stringList", "alias/aws/ebs")
        found = used(account, document, [ebs], *by_ec2, aliases, PolicySourceArn=arn, ResourcePolicy=key_policy)
        assert found == {ebs: set(USE)}
        others = ("kms:ResourceAliases", "stringList", "alias/app")
        found = used(account, document, [ebs], *by_ec2, others, PolicySourceArn=arn, ResourcePolicy=key_policy)
        assert found == {ebs: set(USE) if mode == "ALL_KEYS" else set()}


@pytest.fixture(scope="module")
def administrator(account: Account) -> Principal:
    """The administrator of the account's keys."""
    return account.session_of_new_role("KeyAdministrator", ("kms:*",))


def test_limited_to_ec2_the_appliance_calls_nothing_by_itself(
    account: Account, administrator: Principal, rendered: dict[str, Any]
) -> None:
    guide = json.dumps({"Version": "2012-10-17", "Statement": [mode_statement("ALL_KEYS")]})
    limited = json.dumps({"Version": "2012-10-17", "Statement": json.loads(rendered["limited"])["Statement"]})
    limited = limited.replace("111122223333", account.id)
    arn = account.create_role("Appliance", trusted=[account.operator.arn], tags={"PlerionApplianceRole": "True"})
    appliance = account.operator.assume(arn)
    additions = {"additions": rendered["limited_additions"]}
    names = ("names its administrator", "the example's additions")
    isolated = create_key(administrator, KeyDescription(policy=names), account.id, additions)
    delegating = create_key(administrator, KeyDescription(), account.id)

    def decrypts() -> list[bool]:
        tally.CURRENT.asserted += 2
        return [probe(appliance, Target(key, key, ""), "Decrypt").allowed for key in (isolated, delegating)]

    iam = account.root.client("iam")
    iam.put_role_policy(RoleName="Appliance", PolicyName="Mode", PolicyDocument=guide)
    assert decrypts() == [False, True]
    iam.put_role_policy(RoleName="Appliance", PolicyName="Mode", PolicyDocument=limited)
    assert decrypts() == [False, False]
    key_policy = administrator.client("kms").get_key_policy(KeyId=isolated.arn)["Policy"]
    assert role_arn(administrator) in key_policy
    for context, expected in (
        ((via("ec2"), FOR_AWS_RESOURCE), set(USE)),
        ((via("ec2"),), {"kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"}),
        ((via("s3"), FOR_AWS_RESOURCE), set()),
        ((FOR_AWS_RESOURCE,), set()),
    ):
        found = used(account, limited, [isolated.arn], *context, PolicySourceArn=arn, ResourcePolicy=key_policy)
        assert found == {isolated.arn: expected}
