"""The header in which the emulator explains a decision: what is written is read back, whatever a policy contains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.decision_header import LIMIT, NAME, Explanation, read, write
from plerion_kms.authorization.decision import AwsError, ConditionFailure, Decision, Source, StatementTrace

MISSED = StatementTrace(
    Source.IDENTITY,
    "cmk-access",
    "Granted",
    "Allow",
    ConditionFailure("StringEquals", "aws:ResourceTag/PlerionAccess", ("Granted", "Yes"), "Denied"),
)
REFUSED = Explanation(False, "identity-based policy", "no identity-based policy allows it", (MISSED,))
AS_JSON = (
    '{"allowed":false,"source":"identity-based policy","reason":"no identity-based policy allows it",'
    '"near_misses":[{"source":"identity-based policy","policy":"cmk-access","statement":"Granted","effect":"Allow",'
    '"failure":{"operator":"StringEquals","key":"aws:ResourceTag/PlerionAccess","expected":["Granted","Yes"],'
    '"actual":"Denied"}}]}'
)


def missed(actual: str | tuple[str, ...] | None) -> Explanation:
    """A refusal whose near miss got this value."""
    failure = ConditionFailure("StringEquals", "aws:TagKeys", ("Team",), actual)
    return replace(REFUSED, near_misses=(replace(MISSED, failure=failure),))


def test_the_header_is_json() -> None:
    assert write(REFUSED) == {"x-plerion-kms-decision": AS_JSON}
    assert read({"x-plerion-kms-decision": AS_JSON}) == REFUSED


def test_an_answer_without_the_header_has_no_explanation() -> None:
    assert read({"content-type": "application/json"}) is None


@pytest.mark.parametrize(
    "explanation",
    [
        Explanation(True, "grant", "grant 'abc' allows it"),
        Explanation(False, "", "unsupported: the operation 'ExportKey'"),
        missed(None),
        missed(""),
        missed("red"),
        missed(()),
        missed(("Team", "Owner")),
        missed('schön, \u2028 🙂, \x00\x1b\x7f\x85\r\nx-forged: yes; 100% "of" \\ud800'),
    ],
)
def test_what_is_written_is_read_back(explanation: Explanation) -> None:
    (value,) = write(explanation).values()
    assert all(" " <= character <= "~" for character in value)
    assert read({NAME: value}) == explanation


def test_half_a_surrogate_pair_is_read_as_a_question_mark() -> None:
    assert read(write(missed("a\ud800b"))) == missed("a?b")


def test_near_misses_are_dropped_first_if_the_header_grows_too_long() -> None:
    (value,) = write(replace(REFUSED, near_misses=(MISSED,) * 500)).values()
    assert len(value) <= LIMIT
    explanation = read({NAME: value})
    assert explanation is not None
    assert explanation.reason == REFUSED.reason
    assert 5 < len(explanation.near_misses) < 30
    assert set(explanation.near_misses) == {MISSED}


@pytest.mark.parametrize("character", ["x", '"', "ü", "\x01", "\x7f", "🙂"])
def test_a_reason_that_is_too_long_loses_its_end(character: str) -> None:
    (value,) = write(Explanation(False, "grant", character * 100_000)).values()
    assert len(value) <= LIMIT
    explanation = read({NAME: value})
    assert explanation is not None
    assert set(explanation.reason) == {character}
    assert len(explanation.reason) > 100


def test_a_decision_is_explained_by_its_near_misses() -> None:
    matched = replace(MISSED, failure=None)
    refused = Decision(
        False, Source.IDENTITY, REFUSED.reason, AwsError("AccessDenied", 403, ""), trace=(matched, MISSED)
    )
    assert Explanation.of(refused) == REFUSED


def test_the_trace_of_an_allowed_call_is_not_made() -> None:
    def trace() -> tuple[StatementTrace, ...]:
        raise AssertionError("the trace was made")

    allowed = Decision(True, Source.GRANT, "grant 'abc' allows it", trace=trace)
    assert Explanation.of(allowed) == Explanation(True, "grant", "grant 'abc' allows it")
