"""Hostile documents and requests: an answer or a clear error, in time that grows with the input, never
a crash, never an allow."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.explain import explain
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Grant
from plerion_kms.authorization.request import Request, Resource
from test_authorization.asking import ask
from test_authorization.hostile import CALLER, KEY, KEY_ALLOW, PLACES, REQUEST, policies, refused, validated
from test_authorization.parts import HOME, ROLE
from test_authorization.situation import Policy, Situation, change_policy, count_policies
from test_authorization.strategies import documents, situations

pytestmark = pytest.mark.generated

STRANGE_TEXTS = (
    "",
    "*",
    "?",
    "\x00",
    "\ud800",
    "\udfff\ud800",
    "\U0001d55c",
    "İ",
    "${",
    "${}",
    "${$}",
    "}",
    "\\",
    '"',
    "\n" * 9,
)
NUMBERS = st.integers(-(10**30), 10**30) | st.floats()
TEXTS = st.text() | st.sampled_from(STRANGE_TEXTS) | st.text(st.characters(categories=["Cs"]), max_size=3)
NAMES = TEXTS | st.sampled_from(
    (
        *(
            "Version",
            "Id",
            "Statement",
            "Sid",
            "Effect",
            "Allow",
            "Deny",
            "Action",
            "NotAction",
            "Resource",
            "Condition",
        ),
        *(
            "Condition",
            "NotResource",
            "Principal",
            "NotPrincipal",
            "AWS",
            "Service",
            "Federated",
            "StringEquals",
            "NullIfExists",
        ),
        *("ForAllValues:StringLike", "aws:PrincipalArn", "aws:TagKeys"),
    )
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | NAMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


# Documents


@given(TEXTS | st.text('{}[]",:*\\ utAlow01', max_size=60), st.sampled_from(PLACES))
def test_a_text_that_is_no_policy_refuses(text: str, place: PolicyKind) -> None:
    refused(text, place)
    validated(text)


@given(ANYTHING, st.sampled_from(PLACES))
def test_json_that_is_no_policy_refuses(content: Any, place: PolicyKind) -> None:
    text = json.dumps(content)
    refused(text, place)
    validated(text)


@given(st.sampled_from(PLACES), st.data())
def test_a_policy_cut_short_refuses(place: PolicyKind, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(KEY_ALLOW) - 1))
    assert "not JSON" in refused(KEY_ALLOW[:cut], place)
    validated(KEY_ALLOW[:cut])


@given(situations(), ANYTHING, st.data())
def test_an_element_with_any_value_raises_nothing_and_gives_no_more_than_the_best_statement(
    s: Situation, value: Any, data: st.DataObject
) -> None:
    """One part of a correct policy is replaced: at most what a statement without limits would give."""

    def spoil(policy: Policy, kind: str) -> Policy:
        statement = dict(data.draw(documents(s.action, kind, s.caller))["Statement"][0])
        name = data.draw(st.sampled_from(["Version", *statement]))
        if name == "Version":
            return {**policy, "Version": value}
        return {**policy, "Statement": [{**statement, name: value}]}

    number = data.draw(st.integers(0, count_policies(s) - 1)) if count_policies(s) else 0
    decision = ask(change_policy(s, number, spoil))
    explain(decision).encode()
    if decision.allowed and s.caller.kind != "account root":
        assert any(trace.effect == "Allow" and trace.failure is None for trace in decision.trace) or s.grants


# Requests


@given(situations(), TEXTS, TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS).map(tuple), max_size=3))
@example(None, "kms:Decrypt\x00", "arn:aws:kms:::", "\ud800", {"aws:CurrentTime": "x", "AWS:CURRENTTIME": ""})
def test_any_request_has_an_answer(
    s: Situation | None, action: str, arn: str, account: str, context: dict[str, Any]
) -> None:
    caller = replace(CALLER, arn=arn, account=account, issuer_arn=arn, user_id=action, tags={action: arn})
    if s is not None:
        changed = replace(s, action=action, context={**s.context, **context}, key_tags={arn: account})
        explain(ask(changed)).encode()
    for who in (CALLER, caller):
        for resource in (Resource(KEY, HOME), Resource(arn, account, {account: arn})):
            asked = Request(who, action, resource, context)
            decision = authorize(asked, policies(KEY_ALLOW, PolicyKind.KEY))
            assert not decision.allowed or action.lower().startswith("kms:")
            explain(decision).encode()


@given(TEXTS)
def test_an_unknown_action_is_refused_by_name(action: str) -> None:
    decision = authorize(replace(REQUEST, action=f"kms:{action}!"), policies(KEY_ALLOW, PolicyKind.KEY))
    assert not decision.allowed
    assert "unsupported" in decision.reason


# Work


def work(run: Callable[[], object]) -> int:
    """How many lines of Python and calls of built-in functions run: the same on every machine."""
    steps = 0

    def count(*_: object) -> Any:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        run()
    finally:
        sys.settrace(before)
    return steps


def condition(operator: str, key: str, values: Any) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": "kms:*",
                "Resource": "*",
                "Condition": {operator: {key: values}},
            },
        }
    )


def allow(**elements: Any) -> str:
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **elements}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def many_statements(size: int) -> str:
    statement = {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement] * size})


TAG = "aws:PrincipalTag/x"
HEAVY: dict[str, Callable[[int], tuple[str, str]]] = {
    "stars against a text that nearly fits": lambda n: (condition("StringLike", TAG, "*a" * n + "b"), "a" * n),
    "stars and question marks": lambda n: (condition("StringLike", TAG, "*a?" * n + "b"), "a" * n),
    "question marks": lambda n: (condition("StringLike", TAG, "?" * n + "b"), "a" * n),
    "a star before many question marks": lambda n: (condition("StringLike", TAG, "*" + "?a" * n + "*b"), "a" * n),
    "stars only": lambda n: (condition("StringLike", TAG, "*" * n), "a" * n),
    "stars in an ARN": lambda n: (condition("ArnLike", "aws:PrincipalArn", "arn:*:*:*:*:" + "*a" * n + "b"), ""),
    "colons in an ARN": lambda n: (condition("ArnLike", "aws:PrincipalArn", "arn" + ":*" * n), ""),
    "stars in a resource": lambda n: (allow(Resource="arn:aws:kms:*:*:" + "*e" * n + "*b"), ""),
    "many resources": lambda n: (allow(Resource=["arn:aws:kms:*:*:alias/*"] * n), ""),
    "many actions": lambda n: (allow(Action=[f"kms:*{i}" for i in range(n)]), ""),
    "many statements": lambda n: (many_statements(n), ""),
    "many values": lambda n: (condition("StringEquals", TAG, [str(i) for i in range(n)]), "x"),
    "many values, negated": lambda n: (condition("StringNotLike", TAG, [f"*{i}" for i in range(n)]), "0"),
    "many conditions": lambda n: (
        allow(Condition={"StringEqualsIfExists": {f"aws:PrincipalTag/{i}": "x" for i in range(n)}}),
        "",
    ),
    "many variables": lambda n: (condition("StringLike", TAG, "${aws:PrincipalTag/x}" * n), "a" * n),
    "variables that are not closed": lambda n: (condition("StringLike", TAG, "${" * n), "a"),
    "a variable with a long default": lambda n: (
        condition("StringLike", TAG, "${aws:username, '" + "*" * n + "'}"),
        "a",
    ),
    "a long number": lambda n: (condition("NumericEquals", "aws:MultiFactorAuthAge", "9" * n), ""),
    "a long key": lambda n: (condition("StringEquals", "aws:" + "x" * n, "y"), ""),
    "deep nesting": lambda n: ('{"Statement":' * n + "1" + "}" * n, ""),
    "lists in lists": lambda n: (allow(Action="[" * n + "]" * n).replace('"[', "[").replace(']"', "]"), ""),
    "names that come twice": lambda n: ("{" + ",".join(f'"{i}":1' for i in range(n)) + ',"0":1}', ""),
    "a long text": lambda n: ('"' + "a" * 10 * n, ""),
    "escapes": lambda n: ('"' + "\\ud83d\\ude00" * n + '"', ""),
}


def decide(text: str, tag: str) -> None:
    """Compile a document and decide with it, without help of what is cached; and validate it."""
    caller = replace(CALLER, tags={"x": tag})
    for place in (PolicyKind.IDENTITY, PolicyKind.BOUNDARY):
        decision = authorize(replace(REQUEST, principal=caller), policies(text, place))
        assert decision.reason
    validated(text)


@pytest.mark.parametrize("shape", HEAVY)
def test_work_grows_with_the_input(shape: str) -> None:
    """Twice the input makes at most three times the steps. What a step may cost is looked at below."""
    small, large = (HEAVY[shape](size) for size in (150, 300))
    ratio = work(lambda: decide(*large)) / work(lambda: decide(*small))
    assert ratio < 3, f"twice the input, {ratio:.1f} times the work"


def test_many_grants_and_many_tags_are_work_that_grows_with_them() -> None:
    def ask_with(size: int) -> None:
        grants = tuple(Grant(f"g{i}", KEY, ROLE, ("Encrypt",), HOME) for i in range(size))
        caller = replace(CALLER, tags={f"t{i}": "x" for i in range(size)})
        given = replace(policies(condition("StringEquals", TAG, "y"), PolicyKind.IDENTITY), grants=grants)
        assert not authorize(replace(REQUEST, principal=caller), given).allowed

    assert work(lambda: ask_with(300)) / work(lambda: ask_with(150)) < 3


@pytest.mark.parametrize("shape", [shape for shape in HEAVY if not shape.startswith("many ")])
def test_a_text_far_longer_than_aws_accepts_is_decided(shape: str) -> None:
    """The steps above say nothing of what happens inside one: a slow search would take minutes at this length."""
    decide(*HEAVY[shape](20_000))
