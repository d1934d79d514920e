"""The engine against a naive evaluator that was written from the documentation, on generated situations."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

from authorization.explain import explain
from test_authorization import naive
from test_authorization.asking import ask
from test_authorization.situation import Situation
from test_authorization.strategies import situations, situations_of_one_condition

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
    for allowed, foreign in product((True, False), (True, False)):
        assert answers[allowed, foreign] > answers.total() / 50, answers


def test_both_readings_agree_on_whole_situations() -> None:
    compare(situations(), share=8)


def test_both_readings_agree_on_single_conditions() -> None:
    compare(situations_of_one_condition(), share=8)
