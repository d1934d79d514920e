"""The gate's decision as one response header, written by the emulator and read back by the client.

The header's value is JSON in ASCII, with the members of `Explanation`; a near miss has those of a `StatementTrace`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from plerion_kms.authorization.decision import ConditionFailure, Decision, Source, StatementTrace

NAME = "x-plerion-kms-decision"
LIMIT = 4000
"""Characters of the header's value."""

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""As json.dumps, which would make a new encoder for each call."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a call was allowed or refused.

    source: the kind of policy that decided (`Source`); empty if the call was refused before a decision.
    reason: one line for people, the same for every action that is decided in the same way.
    near_misses: the statements that would have matched but for a condition; none for allowed calls.
    """

    allowed: bool
    source: str
    reason: str
    near_misses: tuple[StatementTrace, ...] = ()

    @classmethod
    def of(cls, decision: Decision) -> Explanation:
        """The explanation of a decision. The trace of an allowed call is not read: the engine makes it on demand."""
        trace = () if decision.allowed else decision.trace
        near_misses = tuple(each for each in trace if each.failure is not None)
        return cls(decision.allowed, decision.source.value, decision.reason, near_misses)


def write(explanation: Explanation) -> dict[str, str]:
    """The header's name and value. If it is too long near misses are dropped first, then the end of the reason."""
    while len(value := _as_json(explanation)) > LIMIT:
        explanation = _shortened(explanation)
    return {NAME: value}


def read(headers: Mapping[str, str]) -> Explanation | None:
    """The explanation in a response's headers, whose names are in lower case as botocore gives them; None if absent."""
    value = headers.get(NAME)
    if value is None:
        return None
    members = json.loads(value)
    members["near_misses"] = tuple(_near_miss(**miss) for miss in members["near_misses"])
    return Explanation(**members)


def _as_json(explanation: Explanation) -> str:
    members = {
        "allowed": explanation.allowed,
        "source": explanation.source,
        "reason": explanation.reason,
        "near_misses": [asdict(miss) for miss in explanation.near_misses],
    }
    text = _dumps(members)
    if not text.isascii():
        # Half a surrogate pair, which a request may contain, cannot be printed: it becomes a question mark.
        text = json.dumps(json.loads(text.encode(errors="replace")), separators=(",", ":"))
    return text.replace("\x7f", "\\u007f")  # the one control character that JSON does not escape


def _shortened(explanation: Explanation) -> Explanation:
    reason, near_misses = explanation.reason, explanation.near_misses
    if near_misses:
        return replace(explanation, near_misses=near_misses[: len(near_misses) // 2])
    return replace(explanation, reason=reason[: len(reason) // 2])


def _near_miss(source: str, policy: str, statement: str, effect: str, failure: Mapping[str, Any]) -> StatementTrace:
    return StatementTrace(Source(source), policy, statement, effect, _failure(**failure))


def _failure(operator: str, key: str, expected: list[str], actual: str | list[str] | None) -> ConditionFailure:
    return ConditionFailure(operator, key, tuple(expected), tuple(actual) if isinstance(actual, list) else actual)
