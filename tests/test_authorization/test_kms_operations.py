"""The table of KMS operations, held against AWS's own words: the API reference that botocore carries.

botocore is generated from AWS's models, whose texts state for each operation "Cross-account use", "Required
permissions", and in which forms it takes a key id. LocalStack pins an older botocore; the type stubs mypy-boto3-kms,
which are generated from the newest models, list operations and members that came later.
"""

from __future__ import annotations

import ast
import html
import re
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.loaders import Loader

from plerion_kms.authorization.kms_operations import OPERATIONS, KeyId, grant_operations

MODEL: dict[str, Any] = Loader().load_service_model("kms", "service-2")
ALIAS_OPERATIONS = {"CreateAlias", "DeleteAlias", "UpdateAlias"}
MEMBERS: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("kms_members.yaml").read_text())
"""Every operation that the engine knows, with the members of its request."""


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
def test_the_forms_in_which_it_accepts_a_key_id(operation: str) -> None:
    known = OPERATIONS[operation]
    members = MODEL["shapes"][MODEL["operations"][operation].get("input", {}).get("shape", "")]["members"]
    for member in known.key_members:
        forms = plain(members[member]["documentation"]) + documentation(operation)
        assert (KeyId.ALIAS in known.key_ids) is ("alias name" in forms or "alias ARN" in forms), member


def members_in_botocore() -> dict[str, list[str]]:
    operations: dict[str, Any] = MODEL["operations"]
    return {name: sorted(MODEL["shapes"][each["input"]["shape"]]["members"]) for name, each in operations.items()}


def members_in_stubs() -> dict[str, list[str]]:
    """The request types of mypy-boto3-kms, which is generated from newer models than LocalStack's botocore."""
    suffix = "RequestTypeDef"
    classes = ast.parse(resources.files("mypy_boto3_kms").joinpath("type_defs.pyi").read_text()).body
    return {
        each.name.removesuffix(suffix): sorted(
            line.target.id
            for line in each.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        )
        for each in classes
        if isinstance(each, ast.ClassDef) and each.name.endswith(suffix)
    }


def newest_members() -> dict[str, list[str]]:
    """Of the two descriptions of KMS, the one that is newer by its version; both count versions as boto3 does."""
    versions = [tuple(map(int, version(name).split("."))) for name in ("botocore", "mypy-boto3-kms")]
    return members_in_botocore() if versions[0] > versions[1] else members_in_stubs()


def test_every_operation_of_kms_is_known_and_none_is_made_up() -> None:
    assert set(OPERATIONS) == set(newest_members())


@pytest.mark.parametrize("operation", newest_members())
def test_every_member_of_a_request_is_known_and_none_is_made_up(operation: str) -> None:
    assert MEMBERS[operation] == newest_members()[operation]


def test_what_botocore_knows_is_among_it() -> None:
    for operation, members in members_in_botocore().items():
        assert set(members) <= set(MEMBERS[operation])


def test_each_key_of_a_call_is_named_by_a_member_of_its_request() -> None:
    for operation in OPERATIONS.values():
        on_keys = {permission.on for permission in operation.permissions if permission.policy == "key policy"}
        assert on_keys <= operation.keys.keys(), operation.name
        assert set(operation.keys.values()) <= set(MEMBERS[operation.name]), operation.name


ON_ANY_KEY = {"CreateGrant", "DescribeKey", "RetireGrant"}


@pytest.mark.parametrize(
    ("usage", "spec", "granted"),
    [
        (
            "ENCRYPT_DECRYPT",
            "SYMMETRIC_DEFAULT",
            """Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext
            GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext""",
        ),
        ("ENCRYPT_DECRYPT", "RSA_2048", "Encrypt Decrypt ReEncryptFrom ReEncryptTo GetPublicKey"),
        ("SIGN_VERIFY", "ECC_NIST_P256", "Sign Verify GetPublicKey"),
        ("GENERATE_VERIFY_MAC", "HMAC_256", "GenerateMac VerifyMac"),
        ("KEY_AGREEMENT", "ECC_NIST_P256", "DeriveSharedSecret GetPublicKey"),
    ],
)
def test_the_grant_operations_of_each_kind_of_key(usage: str, spec: str, granted: str) -> None:
    assert grant_operations(usage, spec) == ON_ANY_KEY | set(granted.split())
