"""`python -m benchmarks.decisions`: the engine's decisions a second, compared with an earlier revision and with the npm
package @cloud-copilot/iam-simulate, in interleaved rounds of one run.

Rates are decisions for each second of processor time. They depend on the machine; their ratios do not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Report, Result, ratio
from benchmarks.matrix import matrix
from benchmarks.workers import (
    SIMULATOR,
    SIMULATOR_VERSION,
    UnavailableError,
    Worker,
    checked_out,
    install_simulator,
)
from harness.paths import PROJECT

BASELINE = "d567f8f"
ROUNDS = 7
KEYS = 1_000
FEW_KEYS, MANY_KEYS = 10, 10_000
DECISIONS = 40_000
"""1,000 keys x 2 roles x 10 actions x 2 modes."""
SIMULATED = 4_001
"""Fewer, since the package is slower; odd, so that its steps through the matrix meet every action."""
FUNCTIONS = ("runSimulation", "runSimulation, policies validated before", "runUnsafeSimulation")

TIMES_BASELINE = 1.6
TIMES_SIMULATOR = 5.0
FLAT = 1.15
NO_CLIFF = 1.5

type Measure = Callable[[], float]


def interleaved(measures: Mapping[str, Measure], rounds: int) -> dict[str, list[float]]:
    """Each measure once in every round, after one round to warm up that is left out."""
    figures: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds + 1):
        for name, measure in measures.items():
            figure = measure()
            if number:
                figures[name].append(figure)
    return figures


def speed(report: Report, engine: Worker, baseline: Worker | None, simulator: Worker | None, rounds: int) -> None:
    """The guide's matrix with each engine."""
    measures: dict[str, Measure] = {"engine": _decided(engine)}
    if baseline is not None:
        measures["baseline"] = _decided(baseline)
    if simulator is not None:
        for name in FUNCTIONS:
            measures[name] = _simulated(simulator, name)
    figures = interleaved(measures, rounds)
    for name, rates in figures.items():
        report.say(f"{name:68} {median(rates):12,.0f}  a second")
    if baseline is not None:
        report.add(Result("engine / baseline", ratio(figures["engine"], figures["baseline"]), least=TIMES_BASELINE))
    if simulator is not None:
        fastest = max(FUNCTIONS, key=lambda name: median(figures[name]))
        for name in FUNCTIONS:
            times = ratio(figures["engine"], figures[name])
            report.add(Result(f"engine / {name}", times, least=TIMES_SIMULATOR if name == fastest else None))


def _decided(engine: Worker) -> Measure:
    return lambda: engine.rate(keys=KEYS, decisions=DECISIONS, policies="held")


def _simulated(simulator: Worker, function: str) -> Measure:
    return lambda: simulator.rate(keys=KEYS, decisions=SIMULATED, function=function)


def growth(report: Report, engine: Worker, rounds: int) -> None:
    """What a decision costs with many keys, as a multiple of what it costs with few."""

    def measure(keys: int, policies: str, *, spread: bool) -> Measure:
        # In the matrix's order, the first mode alone comes to every key.
        decisions = DECISIONS if spread else max(DECISIONS, keys * 20)
        return lambda: engine.rate(keys=keys, decisions=decisions, policies=policies, spread=spread)

    figures = interleaved(
        {
            "few": measure(FEW_KEYS, "held", spread=False),
            "many": measure(MANY_KEYS, "held", spread=False),
            "some texts": measure(KEYS, "texts", spread=True),
            "many texts": measure(MANY_KEYS, "texts", spread=True),
        },
        rounds,
    )
    name = f"cost of a decision, {MANY_KEYS:,} keys / {FEW_KEYS} keys"
    report.add(Result(name, ratio(figures["few"], figures["many"]), most=FLAT))
    name = f"cost of a decision, {MANY_KEYS:,} documents / {KEYS:,} documents"
    report.add(Result(name, ratio(figures["some texts"], figures["many texts"]), most=NO_CLIFF))


def disagreements(report: Report, engine: Worker, simulator: Worker) -> None:
    """Print where the package answers otherwise than the engine: how often, and what each says."""
    ours = engine.ask(keys=KEYS, answers=True)["answers"]
    for function in FUNCTIONS:
        theirs = simulator.ask(keys=KEYS, answers=True, function=function)["answers"]
        causes = Counter(
            f"engine {'allows' if allowed else 'refuses'} ({reason}), package: {result}"
            for (allowed, reason), result in zip(ours, theirs, strict=True)
            if allowed != (result == "Allowed")
        )
        report.say(f"{causes.total():,} of {len(ours):,} answers of {function} differ from the engine's")
        for cause, count in causes.most_common(10):
            report.say(f"  {count:,} times: {cause}")


def main() -> int:
    """Measure and print. Returns the exit status: 1 if a requirement was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baseline", default=os.environ.get("BASELINE", BASELINE), help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    report = Report()
    with ExitStack() as stack:
        file = Path(stack.enter_context(TemporaryDirectory(prefix="plerion-kms-bench-"))) / "matrix.json"
        file.write_text(json.dumps(matrix(MANY_KEYS)), encoding="utf-8")
        engine = stack.enter_context(Worker.of_engine(file, PROJECT / "tests"))
        baseline = simulator = None
        try:
            tree = stack.enter_context(checked_out(arguments.baseline))
            baseline = stack.enter_context(Worker.of_engine(file, tree / "tests"))
        except UnavailableError as error:
            report.leave_out(f"the engine of {arguments.baseline}", str(error))
        try:
            install_simulator()
            simulator = stack.enter_context(Worker.of_simulator(file))
        except UnavailableError as error:
            report.leave_out(SIMULATOR, str(error))
        report.say(
            f"The guide's matrix, {DECISIONS:,} decisions: {KEYS:,} keys x 2 roles x 10 actions x 2 modes; "
            f"baseline: {arguments.baseline}; {SIMULATOR} {SIMULATOR_VERSION}"
        )
        speed(report, engine, baseline, simulator, arguments.rounds)
        if simulator is not None:
            disagreements(report, engine, simulator)
        growth(report, engine, min(arguments.rounds, 3))
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
