"""AWS's limits, with AWS's errors. Source: the API models of the services; IAM user guide, "IAM and AWS STS quotas"."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.config import Config

from emulator import Emulator
from harness.aws import tally
from harness.aws.cloud import CLIENT_CONFIG
from test_emulator.aws import REGION, SESSION, Account, Caller, allow, error_of, make_user

LIMITS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("limits.yaml").read_text())


@pytest.fixture(scope="module")
def stage(emulator: Emulator) -> tuple[Account, Caller]:
    """An account with a role, and a user who may do everything."""
    account = Account.make(emulator.endpoint_url)
    account.role("Role")
    return account, make_user(account.root, "May", allow("*"))


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit["name"])
def test_limit(stage: tuple[Account, Caller], limit: dict[str, Any]) -> None:
    account, caller = stage
    ((operation, members),) = limit["call"].items()
    service, method = operation.split(".")
    client = SESSION.client(
        service,
        endpoint_url=caller.endpoint,
        region_name=REGION,
        aws_access_key_id=caller.key,
        aws_secret_access_key=caller.secret,
        config=CLIENT_CONFIG.merge(Config(parameter_validation=False)),
    )
    text = (
        json.dumps(members).replace("<role>", f"arn:aws:iam::{account.id}:role/Role").replace("<account>", account.id)
    )
    text = re.sub("<long ([0-9]+)>", lambda match: "x" * int(match[1]), text)
    wanted, _, part = limit["answer"].partition(" ")
    code, message = error_of(getattr(client, method), **json.loads(text))
    assert (code, part in message) == (wanted, True), message
    tally.CURRENT.asserted += 1


@pytest.mark.parametrize(("members", "hours"), [({}, 12), ({"DurationSeconds": 129600}, 36)])
def test_how_long_a_users_session_lasts(stage: tuple[Account, Caller], members: dict[str, int], hours: float) -> None:
    account, user = stage
    for caller, expected in ((user, hours), (account.root, 1)):
        for answer in (caller.sts.get_session_token(**members), caller.sts.get_federation_token(Name="a1", **members)):
            left = answer["Credentials"]["Expiration"] - datetime.now(UTC)
            assert left.total_seconds() / 3600 == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("holder", ["role", "user", "group"])
def test_ten_managed_policies_are_attached_by_default(account: Account, holder: str) -> None:
    iam, name = account.root.iam, holder.capitalize()
    if holder == "role":
        account.role(name)
    else:
        getattr(iam, f"create_{holder}")(**{f"{name}Name": name})
    attach = getattr(iam, f"attach_{holder}_policy")
    document = json.dumps(allow("kms:ListKeys"))
    arns = [iam.create_policy(PolicyName=f"P{n}", PolicyDocument=document)["Policy"]["Arn"] for n in range(11)]
    for arn in (*arns[:10], arns[0]):
        attach(**{f"{name}Name": name, "PolicyArn": arn})
    error = error_of(attach, **{f"{name}Name": name, "PolicyArn": arns[10]})
    assert error == ("LimitExceeded", f"Cannot exceed quota for PoliciesPer{name}: 10")


def test_a_user_is_in_ten_groups_at_most(account: Account) -> None:
    iam = account.root.iam
    for number in range(11):
        iam.create_group(GroupName=f"G{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"G{number}", UserName="Operator")
    error = error_of(iam.add_user_to_group, GroupName="G10", UserName="Operator")
    assert error == ("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10")


def test_a_role_has_fifty_tags_however_they_came(account: Account) -> None:
    account.role("Role", Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(50)])
    iam = account.root.iam
    iam.tag_role(RoleName="Role", Tags=[{"Key": "K1", "Value": "changed"}])
    code, _ = error_of(iam.tag_role, RoleName="Role", Tags=[{"Key": "another", "Value": "v"}])
    assert code == "LimitExceeded"
