"""Waiting until AWS has caught up with a change.

An answer that is as expected three times in a row is taken. Any other answer is asked for again until the deadline:
KMS needs up to five minutes for changes of tags and aliases (KMS developer guide "ABAC for AWS KMS"), IAM usually
seconds (IAM user guide "Changes that I make are not always immediately visible").

A library's retry repeats one call. Here thousands of answers settle at once, each with a count of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long to wait. seconds: until an answer that is not as expected is taken as AWS's. pause: seconds between two
    rounds of calls. in_a_row: how often an expected answer has to come. threads: calls under way at once."""

    seconds: float = 360
    pause: float = 10
    in_a_row: int = 3
    threads: int = 8
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Question[A]:
    """A call, and whether its answer is as expected."""

    ask: Callable[[], A]
    as_expected: Callable[[A], bool]


def settle[K: Hashable, A](questions: Mapping[K, Question[A]], patience: Patience) -> dict[K, A]:
    """The last answer to each question, asked until it was as expected often enough or the time is over."""
    deadline = patience.now() + patience.seconds
    answers: dict[K, A] = {}
    in_a_row = dict.fromkeys(questions, 0)
    open_questions = list(questions)
    with ThreadPoolExecutor(patience.threads) as pool:
        while open_questions:
            given = pool.map(lambda name: questions[name].ask(), open_questions)
            for name, answer in zip(open_questions, given, strict=True):
                answers[name] = answer
                in_a_row[name] = in_a_row[name] + 1 if questions[name].as_expected(answer) else 0
            open_questions = [name for name in open_questions if in_a_row[name] < patience.in_a_row]
            if patience.now() >= deadline:
                break
            if not all(in_a_row[name] for name in open_questions):
                patience.sleep(patience.pause)
    return answers
