"""How the policies read what checkov leaves of HCL. The texts on the left are checkov 3.3's."""

from __future__ import annotations

from typing import Any

import pytest

from plerion_policies.documents import Kind, is_known, read_blocks, read_document
from plerion_policies.expression import ExpressionError, parse

EXPRESSIONS: list[tuple[str, Any]] = [
    ("jsonencode({'AWS': 'arn:aws:iam::'data.aws_caller_identity.current.account_id':root'})",
     {"AWS": "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"}),
    ("{'AWS': [''aws_iam_role.x.arn'', 'b']}", {"AWS": ["${aws_iam_role.x.arn}", "b"]}),
    ("[for x in ['a'] : {'Sid': 'x', 'Action': ['kms:Decrypt']}]", [{"Sid": "x", "Action": ["kms:Decrypt"]}]),
    ("merge(['a'],{'PlerionApplianceRole': 'true'})", {"PlerionApplianceRole": "true"}),
    ("merge({'a': 1}, var.more, {'b': None})", {"a": 1, "b": None}),
    ("concat([{'Sid': 'a'}], local.rest)", [{"Sid": "a"}]),
    ("{'a': True, 'b': False}", {"a": True, "b": False}),
    ("{'Sid': var.long ? 'a' : 'b', 'Effect': 'Allow'}", {"Sid": "${${var.long} ? :}", "Effect": "Allow"}),
    ('{"key": "${aws_iam_role.x.arn}"}', {"key": "${aws_iam_role.x.arn}"}),
    ("{a = 1, b = [\"c\"]}", {"a": 1, "b": ["c"]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), EXPRESSIONS)
def test_expression(text: str, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    "text", ["{", "{'a'", "[1, 2", "f(", "'open", "{'a': }", "]", "", "[for x in y]", "{'a': 1} }"]
)
def test_broken_expression_is_an_error_and_not_a_value(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("Granted", True),
        ("${aws:ResourceAccount}", True),
        ("${aws:PrincipalTag/team, 'none'}", True),
        ("${*}", True),
        ("${var.tag}", False),
        ("var.tag", False),
        ("data.aws_caller_identity.current.account_id", False),
        ("arn:aws:iam::${local.account}:root", False),
        ("each.value", False),
        ("%{ if var.x }a%{ endif }", False),
    ],
)
def test_unknown_values_are_told_from_policy_variables(value: str, known: bool) -> None:
    assert is_known(value) is known


def test_document_of_a_single_statement_and_scalars() -> None:
    document = read_document({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}})
    assert document is not None
    assert document.version is None
    (statement,) = document.statements
    assert statement.kind is Kind.KEY
    assert statement.any_principal
    assert statement.covers("kms:CreateGrant")
    assert not statement.covers("ec2:CreateVolume")


def test_blocks_have_the_current_version_and_both_spellings_of_variables() -> None:
    document = read_blocks(
        [{"actions": [["kms:Decrypt"]], "resources": [["arn:aws:kms:*:&{aws:PrincipalAccount}:key/*", "$${aws:x}"]]}]
    )
    assert document.version == "2012-10-17"
    assert document.statements[0].resources == ("arn:aws:kms:*:${aws:PrincipalAccount}:key/*", "${aws:x}")
    assert document.statements[0].kind is Kind.IDENTITY


@pytest.mark.parametrize("value", [None, "", "data.aws_iam_policy_document.x.json", "{not json", {"Rules": []}, [], 7])
def test_what_is_no_document_is_none(value: Any) -> None:
    assert read_document(value) is None
