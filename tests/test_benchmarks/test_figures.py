"""The arithmetic and the judgement of the benchmarks; nothing here is timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import pytest

from benchmarks import decide, decisions
from benchmarks.figures import Report, Result, ratio
from benchmarks.load import LoadError, growth
from benchmarks.matrix import ACTIONS, matrix
from benchmarks.workers import UnavailableError, Worker, checked_out


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        ([10.0], [4.0], 2.5),
        # A slow machine slows both figures of a round: 2, 3 and 4, though the medians' own ratio is another.
        ([20.0, 3.0, 400.0], [10.0, 1.0, 100.0], 3.0),
        ([1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 4.0, 8.0], 0.375),
    ],
)
def test_a_ratio_is_the_median_of_the_rounds(above: list[float], below: list[float], expected: float) -> None:
    assert ratio(above, below) == expected


@pytest.mark.parametrize(("above", "below"), [([], []), ([1.0], [1.0, 2.0]), ([1.0], [0.0]), ([-1.0], [1.0])])
def test_a_ratio_needs_rounds(above: list[float], below: list[float]) -> None:
    with pytest.raises(ValueError, match="a ratio needs"):
        ratio(above, below)


@pytest.mark.parametrize(
    ("result", "met", "shown"),
    [
        (Result("x", 1.6, least=1.6), True, ["1.60", "at least 1.6", "met"]),
        (Result("x", 1.5996, least=1.6), False, ["1.5996", "at least 1.6", "MISSED"]),
        (Result("x", 1.12, most=1.12), True, ["1.12", "at most 1.12", "met"]),
        (Result("x", 1.1204, most=1.12), False, ["1.1204", "at most 1.12", "MISSED"]),
        (Result("x", 3, most=0), False, ["3", "at most 0", "MISSED"]),
        (Result("x", 7.7), True, ["7.70"]),
        (Result("x", float("nan"), least=1.6), False, ["nan", "at least 1.6", "MISSED"]),
    ],
)
def test_a_line_says_what_was_measured_and_required(result: Result, met: bool, shown: list[str]) -> None:
    assert result.met is met
    assert [part.strip() for part in result.line().split("  ") if part.strip()] == ["x", *shown]


@pytest.mark.parametrize(("measured", "status"), [(2.0, 0), (1.0, 1)])
def test_what_is_missed_makes_the_exit_status(measured: float, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    report.add(Result("speed", measured, least=1.6))
    report.leave_out("another engine", "node cannot be run.")
    assert report.exit_status() == status
    printed = capsys.readouterr().out
    assert "LEFT OUT: another engine: node cannot be run." in printed
    assert "Left out: another engine." in printed
    assert ("Missed: speed." in printed) is (status == 1)


def test_rounds_are_interleaved_and_the_first_does_not_count() -> None:
    calls: list[str] = []

    def measure(name: str) -> float:
        calls.append(name)
        return float(len(calls))

    figures = decisions.interleaved({"a": lambda: measure("a"), "b": lambda: measure("b")}, rounds=2)
    assert calls == ["a", "b", "a", "b", "a", "b"]
    assert figures == {"a": [3.0, 5.0], "b": [4.0, 6.0]}


class Answering:
    """Stands for a worker that has its answers already."""

    def __init__(self, answers: Sequence[Any]) -> None:
        self._answers = answers

    def ask(self, **_: object) -> dict[str, Any]:
        return {"answers": self._answers}


def test_disagreements_are_counted_by_cause(capsys: pytest.CaptureFixture[str]) -> None:
    engine = Answering([(True, "a grant"), (True, "a grant"), (False, "nothing allows"), (False, "a Deny")])
    package = Answering(["Allowed", "ImplicitlyDenied", "error: {}", "Allowed"])
    decisions.disagreements(Report(), cast(Worker, engine), cast(Worker, package))
    printed = capsys.readouterr().out
    assert "2 of 4 answers of runSimulation differ from the engine's" in printed
    assert "1 times: engine allows (a grant), package: ImplicitlyDenied" in printed
    assert "1 times: engine refuses (a Deny), package: Allowed" in printed
    assert "nothing allows" not in printed


def test_the_matrix_is_the_guides() -> None:
    made = matrix(1_000)
    assert len(made["keys"]) * len(made["roles"]) * len(made["actions"]) * len(made["modes"]) == decisions.DECISIONS
    assert len(set(ACTIONS)) == 10
    assert len({str(key["policy"]) for key in made["keys"]}) == 1_000
    # The package's steps through the matrix meet every action and both roles.
    step = decisions.DECISIONS // decisions.SIMULATED
    assert {(count * step) % 20 for count in range(decisions.SIMULATED)} == set(range(20))


def test_spread_questions_begin_with_the_same_mix_for_any_number_of_keys() -> None:
    made = matrix(400)

    def mix(keys: int, questions: int) -> Counter[tuple[str, ...]]:
        asked = decide.spread(list(decide.questions(made, keys)), made["kinds"])
        assert len(asked) == keys * 40
        assert asked[0][0].resource.arn != asked[1][0].resource.arn
        return Counter(
            (request.principal.arn, request.action, identity, str(request.resource.tags))
            for request, _, (identity, _) in asked[:questions]
        )

    # Ten of 40 questions about each key are as mixed as all of the questions about a quarter of the keys.
    assert mix(400, 4_000) == mix(100, 4_000)


def test_a_missing_baseline_is_said() -> None:
    with pytest.raises(UnavailableError, match="fetch the commit 0000000"), checked_out("0000000"):
        pass


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([50, 90, 100, 100, 100, 100, 100, 100], 1.0),
        ([10, 10, 100, 100, 150, 150, 200, 200], 2.0),
        ([10, 10, 100, 100, 150, 150, 50, 50], 0.5),
    ],
)
def test_growth_leaves_the_start_out(samples: list[int], expected: float) -> None:
    assert growth(samples) == expected


def test_growth_needs_samples() -> None:
    with pytest.raises(LoadError, match="let the phase run longer"):
        growth([1] * 7)
