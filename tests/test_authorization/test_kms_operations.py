"""The table of KMS operations, held against AWS's own words: the API reference that botocore carries.

botocore is generated from AWS's models, whose texts state for each operation "Cross-account use", "Required
permissions", and in which forms it takes a key id.
"""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from botocore.loaders import Loader

from authorization.kms_operations import OPERATIONS, KeyId

MODEL: dict[str, Any] = Loader().load_service_model("kms", "service-2")
ALIAS_OPERATIONS = {"CreateAlias", "DeleteAlias", "UpdateAlias"}
NOT_IN_THE_MODEL = {"GetKeyLastUsage"}
"""Newer than the pinned botocore; from the service authorization reference."""


def plain(text: str) -> str:
    """Documentation without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", text)))


def documentation(operation: str) -> str:
    """From "Cross-account use" to the end of the permissions."""
    text = plain(MODEL["operations"][operation]["documentation"])
    return re.split(r"Related operations|Eventual consistency", text.partition("Cross-account use")[2])[0]


@pytest.mark.parametrize("operation", MODEL["operations"])
def test_what_the_table_says_of_an_operation_is_what_aws_says(operation: str) -> None:
    said = documentation(operation)
    known = OPERATIONS[operation]
    assert known.across_accounts is said.lstrip(" :").startswith("Yes")
    named = set(re.findall(r"kms:[A-Z]\w+(?![\w*])", said.partition("equired permissions")[2]))
    assert {permission.action for permission in known.permissions} == (named or {f"kms:{operation}"})


@pytest.mark.parametrize("operation", MODEL["operations"])
def test_the_kind_of_policy_that_can_allow_it(operation: str) -> None:
    said = documentation(operation)
    for permission in OPERATIONS[operation].permissions:
        kinds = re.findall(rf"{permission.action}\b[^(]*\((key policy|IAM policy)\)", said)
        if operation in ALIAS_OPERATIONS:
            assert kinds == [each.policy for each in OPERATIONS[operation].permissions]
        elif kinds:
            assert kinds[0] == permission.policy
        else:
            assert operation in ("ReplicateKey", "UpdatePrimaryRegion", "RetireGrant")


@pytest.mark.parametrize("operation", MODEL["operations"])
def test_the_forms_in_which_it_takes_a_key_id(operation: str) -> None:
    known = OPERATIONS[operation]
    members = MODEL["shapes"][MODEL["operations"][operation].get("input", {}).get("shape", "")]["members"]
    for member in known.key_members:
        forms = plain(members[member]["documentation"]) + documentation(operation)
        assert (KeyId.ALIAS in known.key_ids) is ("alias name" in forms or "alias ARN" in forms), member


def test_no_operation_is_made_up() -> None:
    assert set(OPERATIONS) - set(MODEL["operations"]) == NOT_IN_THE_MODEL
