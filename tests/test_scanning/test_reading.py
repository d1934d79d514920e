"""How policies are read: what is known of a document, what it may belong to, and what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from plerion_policies.documents import Kind, is_known, read_document
from plerion_policies.hcl import HclError, parse, parse_json, source_of
from plerion_policies.rewriting import UNDECIDED, UNKNOWN

OPEN = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
UNKNOWN_ARN = f"{UNKNOWN}${{aws_iam_role.x.arn}}"
EITHER = f"{UNKNOWN}{UNDECIDED}${{var.x ? a : b}}"


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("Granted", True),
        ("${aws:ResourceAccount}", True),
        ("${aws:PrincipalTag/team, 'none'}", True),
        ("${*}", True),
        (UNKNOWN_ARN, False),
        (f"arn:aws:iam::{UNKNOWN}${{local.account}}:root", False),
    ],
)
def test_unknown_values_are_told_from_policy_variables(value: str, known: bool) -> None:
    assert is_known(value) is known


def test_document_of_a_single_statement_and_scalars() -> None:
    document = read_document({"Statement": OPEN})
    assert document is not None
    assert document.version is None
    (statement,) = document.statements
    assert statement.kinds == {Kind.KEY}
    assert statement.any_principal
    assert statement.covers("kms:CreateGrant")
    assert not statement.covers("ec2:CreateVolume")


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ({"Action": "kms:Decrypt"}, {Kind.IDENTITY}),
        ({"Action": "kms:Decrypt", "Principal": "*"}, {Kind.KEY}),
        ({"Action": "sts:AssumeRole", "Principal": "*"}, {Kind.TRUST}),
        ({"Action": "*", "NotPrincipal": {"AWS": "x"}}, {Kind.KEY, Kind.TRUST}),
        ({"NotAction": "kms:Decrypt", "Principal": "*"}, {Kind.KEY, Kind.TRUST}),
        ({"Action": UNKNOWN_ARN, "Principal": "*"}, {Kind.KEY, Kind.TRUST}),
        ({"Action": "s3:GetObject", "Principal": "*"}, {Kind.OTHER}),
    ],
)
def test_where_no_user_is_known_the_statement_says_what_it_may_belong_to(
    statement: dict[str, Any], kinds: set[Kind]
) -> None:
    document = read_document({"Statement": [statement]})
    assert document is not None
    assert document.statements[0].kinds == kinds


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (OPEN, None),
        ({**OPEN, "Principal": {"AWS": UNKNOWN_ARN}}, None),
        ({**OPEN, "Sid": EITHER}, None),
        (UNKNOWN_ARN, "statement 1: it depends on aws_iam_role.x.arn"),
        ({**OPEN, "Principal": UNKNOWN_ARN}, "Statement 1: its Principal, it depends on aws_iam_role.x.arn"),
        ({**OPEN, "Principal": {"AWS": EITHER}}, "Statement 1: it depends on var.x ? a : b"),
        ({**OPEN, "Condition": UNKNOWN_ARN}, "Statement 1: its Condition, it depends on aws_iam_role.x.arn"),
        ({**OPEN, "Condition": {"StringEquals": UNKNOWN_ARN}}, "Statement 1: its Condition, it depends on"),
    ],
)
def test_what_decides_and_is_not_known_is_not_read(statement: Any, reason: str | None) -> None:
    document = read_document({"Statement": [statement]})
    assert document is not None
    assert [text.startswith(reason or "-") for text in document.unread] == ([True] if reason else [])


@pytest.mark.parametrize("value", [None, "", "text", "{not json", {"Rules": []}, [], 7])
def test_what_is_no_document_is_none(value: Any) -> None:
    assert read_document(value) is None


BROKEN = ["a = {", 'a = "', "a = <<EOT\nx\n", "resource x {", "a", "= 1", 'a = "${x"']


@pytest.mark.parametrize("text", BROKEN)
def test_broken_hcl_is_an_error(text: str) -> None:
    with pytest.raises(HclError):
        parse(text)


def test_blocks_attributes_and_lines() -> None:
    body = parse(
        '# a\nresource "aws_kms_key" "x" {\n  /* b\n  */ policy = <<-EOT\n    {"a": "}"}\n  EOT\n'
        '  tags = { a = "}" }\n}\n'
        'provider "aws" { region = "x" }\n'
    )
    assert [(block.type, block.labels, block.line) for block in body.blocks] == [
        ("resource", ("aws_kms_key", "x"), 2),
        ("provider", ("aws",), 9),
    ]
    assert list(body.blocks[0].body.attributes) == ["policy", "tags"]


def test_json_syntax_makes_the_same_blocks() -> None:
    body = parse_json(
        '{"resource": {"aws_kms_key": {"x": {"policy": "${local.p}", "tags": {"a": "b-${var.c}"}}}},'
        ' "data": {"aws_iam_policy_document": {"d": {"statement": [{"actions": ["kms:*"]}]}}}}'
    )
    key, document = body.blocks
    assert (key.type, key.labels) == ("resource", ("aws_kms_key", "x"))
    assert source_of(key.body.attributes["policy"]) == "(local.p)"
    assert [block.type for block in document.body.blocks] == ["statement"]
