"""What merging does to key policies: no statement lost, twice the same, the given policy back, the size counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from plerion_kms.guide import cross_account_additions, same_account_additions

from . import CONFIGURATIONS
from .conftest import AT_THE_LIMIT, DELEGATION, INTEGRATION_ACCOUNT

pytestmark = pytest.mark.xdist_group("modules")

ROWS: dict[str, dict[str, Any]] = yaml.safe_load((CONFIGURATIONS / "policies.yaml").read_text(encoding="utf-8"))
OURS = dict(zip(("appliance", "access"), same_account_additions(), strict=True))
OUR_SIDS = {
    *(statement["Sid"] for statement in OURS.values()),
    "Grant PlerionApplianceRole access to make EBS volumes",
    "Grant PlerionApplianceRole access to attach EBS volumes",
}

NEEDED = {
    "appliance": [
        *("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "DescribeKey", "CreateGrant", "GenerateDataKey"),
        *("GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
    ],
    "access": [
        *("DescribeKey", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus", "GetParametersForImport"),
        *("GetPublicKey", "ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags"),
    ],
}
"""By role, the permissions on a key. Source: the guide's mode statement, and Describe*, List* and Get* of the service
authorization reference's table for KMS."""

each_policy = pytest.mark.parametrize("name", ROWS)


def given_statements(name: str) -> list[dict[str, Any]]:
    """The statements as they are given; a single one may stand without brackets."""
    found = json.loads(ROWS[name]["given"])["Statement"]
    return found if isinstance(found, list) else [found]


@each_policy
def test_every_statement_is_there_and_in_its_place(rendered: dict[str, Any], name: str) -> None:
    given = json.loads(ROWS[name]["given"])
    by_label = {
        **dict(enumerate(given_statements(name))),
        **{statement["Sid"]: statement for statement in given_statements(name) if "Sid" in statement},
        **OURS,
    }
    expected = [by_label[label] for label in ROWS[name]["merged"]]
    assert json.loads(rendered["merged"][name]) == {**given, "Version": "2012-10-17", "Statement": expected}


@each_policy
def test_twice_gives_the_same(rendered: dict[str, Any], name: str) -> None:
    assert rendered["merged_twice"][name] == rendered["merged"][name]


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.get("removed") != "refused"])
def test_removal_gives_back_what_was_given_but_for_the_version(rendered: dict[str, Any], name: str) -> None:
    given = json.loads(ROWS[name]["given"])
    others = [statement for statement in given_statements(name) if statement.get("Sid") not in OUR_SIDS]
    assert json.loads(rendered["removed"][name]) == {**given, "Version": "2012-10-17", "Statement": others}
    assert json.loads(rendered["without_additions"][name]) == {**given, "Version": "2012-10-17", "Statement": others}


def test_without_other_statements_there_is_nothing_to_restore(rendered: dict[str, Any]) -> None:
    assert [name for name, policy in rendered["without_additions"].items() if policy is None] == [
        name for name, row in ROWS.items() if row.get("removed") == "refused"
    ]


@each_policy
def test_accounts_and_roles_that_the_merge_shuts_out_are_named(rendered: dict[str, Any], name: str) -> None:
    assert rendered["losing_access"][name] == ROWS[name].get("losing", [])


def test_several_integrations_stand_in_one_list(rendered: dict[str, Any]) -> None:
    accounts = [INTEGRATION_ACCOUNT, "444455556666"]
    assert json.loads(rendered["several_integrations"])["Statement"] == [
        {
            **statement,
            "Condition": {"StringEquals": {**statement["Condition"]["StringEquals"], "aws:PrincipalAccount": accounts}},
        }
        for statement in cross_account_additions(INTEGRATION_ACCOUNT)
    ]


@pytest.mark.parametrize("name", DELEGATION)
@pytest.mark.parametrize("role", NEEDED)
def test_what_a_policy_delegates_is_judged_by_action(rendered: dict[str, Any], name: str, role: str) -> None:
    row = DELEGATION[name][role]
    missing = NEEDED[role] if row["missing"] == "ALL" else row["missing"]
    assert rendered["delegation"][name][role]["delegates"] == row["delegates"]
    assert set(rendered["delegation"][name][role]["missing_actions"]) == {f"kms:{action}" for action in missing}


@pytest.mark.parametrize("name", AT_THE_LIMIT)
def test_the_largest_policy_that_kms_takes_is_taken(rendered: dict[str, Any], name: str) -> None:
    size = AT_THE_LIMIT[name][1]
    assert len(rendered["merged"][name].encode()) == size
    assert rendered["merged_bytes"][name] == size


@each_policy
def test_the_size_is_counted_in_bytes(rendered: dict[str, Any], name: str) -> None:
    assert rendered["merged_bytes"][name] == len(rendered["merged"][name].encode())
