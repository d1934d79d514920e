"""Hostile documents and requests, one by one: refused, with what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.explain import explain
from plerion_kms.authorization.kinds import PolicyKind
from test_authorization.hostile import ALLOW, CALLER, KEY_ALLOW, PLACES, REQUEST, policies, refused, validated


def test_the_surroundings_allow() -> None:
    """Otherwise all that is refused below would be refused anyway."""
    for place in PLACES:
        needs_principal = place in (PolicyKind.KEY, PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT)
        assert authorize(REQUEST, policies(KEY_ALLOW if needs_principal else ALLOW, place)).allowed


HOSTILE = [
    (f'{{"Statement": [], {ALLOW[1:]}', "twice"),
    (ALLOW.replace('"Effect"', '"Effect": "Deny", "Effect"'), "twice"),
    (ALLOW.replace('"Resource"', '"Condition": {"Bool": {}, "Bool": {}}, "Resource"'), "twice"),
    (ALLOW.replace("kms:*", "kms:*\\ud800"), "Unicode"),
    (ALLOW.replace("kms:*", "kms:\ud800"), "Unicode"),
    (ALLOW.replace("kms:*", "kms:*\\u0000"), "kms:*"),
    (ALLOW.replace("kms:*", "kms:*\x00"), "not JSON"),
    (ALLOW + "\x00", "not JSON"),
    ("\ufeff" + ALLOW, "not JSON"),
    (ALLOW + ALLOW, "not JSON"),
    (ALLOW.replace('"2012-10-17"', "1e99999"), "version"),
    (ALLOW.replace('"2012-10-17"', "9" * 10_000), "version"),
    (ALLOW.replace('"kms:*"', "NaN"), "NaN"),
    (ALLOW.replace('"kms:*"', "-Infinity"), "Infinity"),
    (ALLOW.replace('"kms:*"', "[" * 100_000), "nested too deeply"),
    ("[" * 100_000 + "]" * 100_000, "nested"),
    ('{"Statement":' * 50_000 + "1" + "}" * 50_000, "nested"),
    (" " * (1 << 21) + ALLOW, "characters"),
    ("null", "object"),
    ("7", "object"),
    ('"*"', "object"),
    ("[]", "object"),
    ("{}", "Statement"),
    (f"[{ALLOW}]", "object"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("text", "reason"), HOSTILE, ids=[f"{n} {reason}" for n, (_, reason) in enumerate(HOSTILE)])
def test_a_hostile_document_refuses_with_its_reason(text: str, reason: str, place: PolicyKind) -> None:
    if "Action" in text and place in (PolicyKind.KEY, PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT):
        text = text.replace('"Action"', '"Principal": "*", "Action"')
    assert reason in refused(text, place)
    validated(text)


@pytest.mark.parametrize("value", [None, 7, b"{}", [], {}, object()], ids=lambda value: type(value).__name__)
def test_a_document_that_is_no_text_refuses(value: Any) -> None:
    for place in PLACES:
        assert "not text" in refused(value, place)


@pytest.mark.parametrize(
    "wrong",
    [
        {"principal": None},
        {"action": None},
        {"action": 7},
        {"resource": None},
        {"context": None},
        {"context": {None: "x"}},
        {"context": {"aws:PrincipalTag/x": 7}},
        {"principal": replace(CALLER, tags=None)},  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_a_request_of_wrong_types_is_refused(wrong: dict[str, Any]) -> None:
    tagged = KEY_ALLOW.replace('"Action"', '"Condition": {"StringEquals": {"aws:PrincipalTag/x": "7"}}, "Action"')
    decision = authorize(replace(REQUEST, **wrong), policies(tagged, PolicyKind.KEY))
    assert not decision.allowed
    explain(decision)
