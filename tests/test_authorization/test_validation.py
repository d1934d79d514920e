"""Validation, in what the cases leave out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plerion_kms.authorization import validation
from plerion_kms.authorization.decision import AwsError
from test_authorization.parts import (
    GUEST,
    HOME,
    ROLE,
    allow,
    deny,
)


def exists(arn: str) -> bool:
    return arn in (f"arn:aws:iam::{HOME}:root", ROLE)


def key_document(**elements: Any) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "kms:*", **elements}})


def test_a_key_policy_may_have_as_many_characters_and_bytes_as_kms_accepts() -> None:
    start = key_document(Resource="*")
    assert validation.validate_key_policy(start.ljust(32_768), exists) is None
    long = validation.validate_key_policy(start.ljust(32_769), exists)
    assert long is not None
    assert (long.code, long.message) == ("LimitExceededException", "The key policy is longer than 32768 bytes.")
    assert validation.validate_key_policy(start.ljust(131_072), exists) == long
    longer = validation.validate_key_policy(start.ljust(131_073), exists)
    assert longer is not None
    assert longer.code == "ValidationException"


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"Sid": 7}, "Syntax errors in policy: the Sid is not a string."),
        ({"Action": 7}, "Syntax errors in policy: the Action is not a string or a list of strings."),
        ({"Action": "Decrypt"}, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        ({"Principal": {"AWS": GUEST.arn}}, "Policy contains a statement with one or more invalid principals."),
        ({"Principal": {"Other": "x"}}, "Policy contains a statement with one or more invalid principals."),
        ({"Condition": []}, "Syntax errors in policy: the Condition is not an object of operators."),
        ({"Condition": {"Strange": {}}}, "Syntax errors in policy: the condition operator 'Strange'."),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_statement_of_a_key_policy(elements: dict[str, Any], message: str) -> None:
    error = validation.validate_key_policy(key_document(**elements), exists)
    assert error is not None
    assert (error.code, error.message) == ("MalformedPolicyDocumentException", message)


def test_the_policy_that_aws_ram_manages_cannot_be_put() -> None:
    assert validation.validate_policy_name("default") is None
    assert validation.validate_policy_name("AWS_RAM") == AwsError(
        "ValidationException", 400, "The AWS_RAM policy can only be managed by the RAM service."
    )


def test_principals_of_not_principal_must_exist_too() -> None:
    exempt = {"Statement": deny(NotPrincipal={"AWS": [HOME, ROLE]})}
    assert validation.validate_key_policy(json.dumps(exempt), exists) is None
    exempt = {"Statement": deny(NotPrincipal={"AWS": [HOME, GUEST.issuer_arn]})}
    assert validation.validate_key_policy(json.dumps(exempt), exists) is not None


def test_a_trust_policy_names_every_principal_that_is_not_there() -> None:
    others = [f"arn:aws:iam::{HOME}:role/{name}" for name in ("B", "A")]
    trust = {"Effect": "Allow", "Principal": {"AWS": [*others, ROLE]}, "Action": "sts:AssumeRole"}
    error = validation.validate_trust_policy(json.dumps({"Statement": trust}), exists)
    assert error is not None
    assert error.message == f'Invalid principal in policy: "AWS":"{others[1]}", "AWS":"{others[0]}"'
    strange = {**trust, "Principal": {"Other": "x"}}
    error = validation.validate_trust_policy(json.dumps({"Statement": strange}), exists)
    assert error is not None
    assert error.message == "Invalid principal in policy: the principal {'Other': 'x'}"


def test_an_unknown_version_is_named() -> None:
    error = validation.validate_identity_policy(json.dumps({"Version": "2020-01-01", "Statement": allow()}))
    assert error is not None
    assert error.message == "Syntax errors in policy: the version '2020-01-01'."


def test_an_identity_policy_is_a_managed_one_unless_it_is_said() -> None:
    text = json.dumps({"Statement": allow(Resource=["*" * 6_000])}).replace("*" * 6_000, "arn:aws:kms:::" + "k" * 5_980)
    assert validation.validate_identity_policy(text) is None
    text = text.replace("kkk", "k" * 200)
    error = validation.validate_identity_policy(text)
    assert error is not None
    assert error.message == "Cannot exceed quota for PolicySize: 6144"


def test_every_kind_of_policy_is_held_against_the_characters_that_aws_accepts() -> None:
    def text(character: str, **elements: Any) -> str:
        condition = {"StringEquals": {"aws:username": character}}
        return json.dumps({"Statement": {"Effect": "Allow", "Condition": condition, **elements}}, ensure_ascii=False)

    for character, taken in (("\u00ff", True), ("\u0100", False)):
        trust = text(character, Principal={"AWS": HOME}, Action="sts:AssumeRole")
        assert (validation.validate_trust_policy(trust, exists) is None) is taken
        other = text(character, Action="kms:*", Resource="*")
        assert (validation.validate_identity_policy(other) is None) is taken
        assert (validation.validate_session_policy(other) is None) is taken


def test_a_managed_policy_may_have_exactly_as_many_characters_as_iam_accepts() -> None:
    start = json.dumps({"Statement": allow(Resource="arn:aws:kms:::k")})
    text = start.replace(":::k", ":::" + "k" * (6_144 - validation.policy_size(start) + 1))
    assert validation.policy_size(text) == 6_144
    assert validation.validate_identity_policy(text) is None
    assert validation.validate_identity_policy(text, others=1) is not None
