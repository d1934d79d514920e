"""The engine against a naive evaluator that was written from the documentation, on generated situations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

from plerion_kms.authorization.explain import explain
from test_authorization import naive
from test_authorization.asking import ask
from test_authorization.situation import Situation
from test_authorization.strategies import (
    CALLERS,
    HOME,
    KEY_ID,
    MEMBERS,
    OPERATORS,
    OTHER,
    PRINCIPALS,
    STRING_PATTERNS,
    TEXTS,
    open_policy,
    situations,
    situations_of_one_condition,
)

pytestmark = pytest.mark.generated


def compare(drawn: SearchStrategy[Situation], share: int) -> None:
    """Ask both about `share` times the profile's number of situations; both answers must be common, in the account and
    across accounts, or the comparison would say nothing."""
    answers: Counter[tuple[bool, bool]] = Counter()

    @given(drawn)
    @settings(max_examples=share * settings().max_examples)
    def agree(s: Situation) -> None:
        decision = ask(s)
        shown = f"{explain(decision)}\n{json.dumps(asdict(s), indent=1)}"
        assert decision.allowed is naive.allowed(s), shown
        answers[decision.allowed, s.caller.account != s.key_account] += 1

    agree()
    for allowed, cross_account in product((True, False), (True, False)):
        assert answers[allowed, cross_account] > answers.total() / 50, answers


def disagreements(asked: Iterable[Situation]) -> list[str]:
    """Where the two differ."""
    return [explain(decision) for s in asked if (decision := ask(s)).allowed is not naive.allowed(s)]


def test_both_readings_agree_on_every_way_to_name_a_caller() -> None:
    """Each caller, named in each way or not, with each of its own policies absent, open or closed; all combinations."""
    open_, closed = open_policy("identity"), {**open_policy("identity")}
    closed["Statement"] = [{**closed["Statement"][0], "Action": "kms:Encrypt"}]

    def all_of_them() -> Iterable[Situation]:
        for caller, name, owner in product(CALLERS, PRINCIPALS, (HOME, OTHER)):
            statement = {"Effect": "Allow", "Principal": {"AWS": name}, "Action": "kms:Decrypt", "Resource": "*"}
            s = Situation(
                caller=caller,
                action="kms:Decrypt",
                key_arn=f"arn:aws:kms:eu-west-1:{owner}:key/{KEY_ID}",
                key_account=owner,
                key_tags={},
                context={},
                identity=[],
                key_policy={"Version": "2012-10-17", "Statement": [statement]},
            )
            for identity, boundary, session in product(([], [open_]), (None, closed), (None, closed)):
                yield replace(s, identity=identity, boundary=boundary, session=session)

    assert disagreements(all_of_them()) == []


def test_both_readings_agree_on_every_use_of_a_variable() -> None:
    """Each value with a variable, each value of the variable, each value in the request, each operator."""
    values = [text for text in STRING_PATTERNS if "${" in text]
    caller = MEMBERS[1]
    delegation = {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "*", "Resource": "*"}

    def all_of_them() -> Iterable[Situation]:
        for value, team, actual, operator in product(values, (None, "*", "a*b", "axb", ""), TEXTS, OPERATORS["text"]):
            condition = {operator: {"kms:EncryptionContext:app": value}}
            statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
            yield Situation(
                caller=replace(caller, tags={} if team is None else {"Team": team}),
                action="kms:Decrypt",
                key_arn=f"arn:aws:kms:eu-west-1:{HOME}:key/{KEY_ID}",
                key_account=HOME,
                key_tags={},
                context={"kms:EncryptionContext:app": actual},
                identity=[{"Version": "2012-10-17", "Statement": [statement]}],
                key_policy={"Version": "2012-10-17", "Statement": [delegation]},
            )

    assert disagreements(all_of_them()) == []


def test_both_readings_agree_on_whole_situations() -> None:
    compare(situations(), share=8)


def test_both_readings_agree_on_single_conditions() -> None:
    compare(situations_of_one_condition(), share=8)
