"""The example many-accounts beyond its `access.yaml`: the second account, slips in the list, what destroy leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from harness.aws import tally
from harness.examples.special import ManyAccounts
from harness.terraform.runner import TerraformError

from .examples import Runs

pytestmark = pytest.mark.xdist_group("many-accounts")


@pytest.fixture
def run(runs: Runs) -> ManyAccounts:
    """The example, applied for both accounts in whatever mode the tests before left it."""
    run = runs.of("many-accounts")
    assert isinstance(run, ManyAccounts)
    run.in_mode(run.mode or "ALL_KEYS")
    return run


def test_the_same_lines_hold_for_the_other_account(run: ManyAccounts) -> None:
    matrix = run.matrix_of_the_other_account()
    tally.CURRENT.asserted += len(matrix.cells)
    assert {cell.key for cell in matrix.cells} == set(run.expectations.keys)
    assert not matrix.mismatches(), "\n" + "\n".join(cell.describe() for cell in matrix.mismatches())


def _drop_role(accounts: dict[str, Any], account: str) -> None:
    del accounts[account]["key_administrator_role_arn"]


def _swap_arn(accounts: dict[str, Any], account: str) -> None:
    (other,) = set(accounts) - {account}
    accounts[account]["keys"]["us-isolated"]["key_arn"] = accounts[other]["keys"]["us-isolated"]["key_arn"]


def _misspell(accounts: dict[str, Any], account: str) -> None:
    accounts[account]["profile"] = "own"
    accounts[account]["keys"]["us-isolated"]["tags"] = "Granted"


def _use_alias(accounts: dict[str, Any], account: str) -> None:
    accounts[account]["keys"]["us-isolated"]["key_arn"] = "alias/reports"


def _move(accounts: dict[str, Any], account: str) -> None:
    key = accounts[account]["keys"]["us-isolated"]
    key["key_arn"] = key["key_arn"].replace("us-east-1", "ap-southeast-2")


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        (_drop_role, "must have a key_administrator_role_arn for {}: add the account, with its ID in quotes"),
        (_swap_arn, "names keys of another account for {} (us-isolated): list each key with the account that owns it"),
        (_misspell, "has unsupported names for {} (the account's profile, us-isolated's tags): rename or remove"),
        (_use_alias, "must have a KMS key ARN for us-isolated of {}: set key_arn to the form arn:aws:kms:"),
        (_move, "names Regions for {} that this configuration does not cover (ap-southeast-2): add a provider"),
    ],
    ids=lambda value: value.__name__[1:] if callable(value) else "",
)
def test_a_slip_in_the_list_is_named(
    run: ManyAccounts, slip: Callable[[dict[str, Any], str], None], message: str
) -> None:
    text = run.accounts_file.read_text(encoding="utf-8")
    accounts = yaml.safe_load(text)
    account = run.stage.integration.id
    slip(accounts, account)
    run.accounts_file.write_text(yaml.safe_dump(accounts), encoding="utf-8")
    try:
        with pytest.raises(TerraformError) as raised:
            run.accounts[0].plan()
    finally:
        run.accounts_file.write_text(text, encoding="utf-8")
    assert message.format(account) in " ".join(str(raised.value).split())


def test_destroy_puts_the_given_policies_back_and_takes_the_tags_off(runs: Runs) -> None:
    run = runs.of("many-accounts")
    assert isinstance(run, ManyAccounts)
    if not run.outputs:
        run.in_mode("ALL_KEYS")
    if run.mode is not None:
        run.destroy()
    for stage, made in zip(run.stages, run.made, strict=True):
        own = [made[stage.integration.id][name] for name in run.expectations.keys if name not in run.OF_THE_OTHER]
        for target in own:
            kms = stage.key_administrator.in_region(target.key.region).client("kms")
            (statement,) = json.loads(kms.get_key_policy(KeyId=target.key.arn)["Policy"])["Statement"]
            assert statement["Action"] == "kms:*"
            tags = kms.list_resource_tags(KeyId=target.key.arn)["Tags"]
            assert "PlerionAccess" not in {tag["TagKey"] for tag in tags}
            tally.CURRENT.asserted += 2
        roles = stage.integration.root.client("iam").list_roles()["Roles"]
        assert [role["RoleName"] for role in roles if role["RoleName"].startswith("PlerionA")] == []
