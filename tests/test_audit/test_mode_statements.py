"""The mode statement as the modules render it with their options, recognized and rewritten for the other mode."""

from __future__ import annotations

from typing import Any

import pytest

from plerion_kms.audit.mode_statements import in_mode, mode_of
from plerion_kms.guide import mode_statement

ALL, SELECTED = mode_statement("ALL_KEYS"), mode_statement("SELECTED_KEYS")
VIA = {"StringLike": {"kms:ViaService": ["ec2.*.amazonaws.com"]}}
NOT_DENIED = {"StringNotEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Denied"}}
IS_DENIED = {"StringEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Denied"}}
IS_GRANTED = {"StringEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Granted"}}
NOT_GRANTED = {
    "StringNotEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Granted"},
    "ForAllValues:StringNotLike": {"kms:ResourceAliases": "alias/aws/*"},
}


def statement(effect: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {"Effect": effect, "Action": ["kms:Decrypt"], "Resource": ["arn:a"], "Condition": condition}


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        (ALL, "ALL_KEYS"),
        (SELECTED, "SELECTED_KEYS"),
        (statement("Allow", {"stringnotequalsignorecase": {"AWS:RESOURCETAG/plerionaccess": ["Denied"]}}), "ALL_KEYS"),
        (statement("Deny", IS_DENIED), "ALL_KEYS"),
        (statement("Deny", NOT_GRANTED), "SELECTED_KEYS"),
        (statement("Allow", VIA), None),
        (statement("Allow", {"StringEquals": {"aws:ResourceTag/PlerionAccess": "Granted"}}), None),
        ({"Effect": "Allow", "Action": "*", "Resource": "*"}, None),
    ],
)
def test_the_mode_is_told_by_the_condition(given: dict[str, Any], mode: str | None) -> None:
    assert mode_of(given) == mode


@pytest.mark.parametrize(
    ("before", "mode", "after"),
    [
        (statement("Allow", NOT_DENIED), "SELECTED_KEYS", statement("Allow", IS_GRANTED)),
        (statement("Allow", IS_GRANTED), "ALL_KEYS", statement("Allow", NOT_DENIED)),
        # What else the statement asks for stays.
        (statement("Allow", {**NOT_DENIED, **VIA}), "SELECTED_KEYS", statement("Allow", {**IS_GRANTED, **VIA})),
        (
            statement("Allow", {"StringEqualsIgnoreCase": {**IS_GRANTED["StringEqualsIgnoreCase"], "kms:x": "y"}}),
            "ALL_KEYS",
            statement("Allow", {**NOT_DENIED, "StringEqualsIgnoreCase": {"kms:x": "y"}}),
        ),
        (statement("Deny", IS_DENIED), "SELECTED_KEYS", statement("Deny", NOT_GRANTED)),
        (statement("Deny", NOT_GRANTED), "ALL_KEYS", statement("Deny", IS_DENIED)),
    ],
)
def test_a_statement_in_the_other_mode(before: dict[str, Any], mode: str, after: dict[str, Any]) -> None:
    assert in_mode(mode, before) == after
    assert in_mode(mode, after) == after
