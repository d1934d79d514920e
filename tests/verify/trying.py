"""Trying an example: applied in each mode, every call of its access file made, destroyed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from harness.access.probes import Target
from harness.aws.principals import Principal
from harness.examples.run import ExampleRun
from harness.examples.special import run_of
from verify.calls import Answer, Cell, answer_as, cells_of, make
from verify.decisions import Engine
from verify.patience import Patience, Question, settle
from verify.report import Difference, ExampleResult, Text
from verify.stage import AwsStage

ARN = re.compile(r"arn:[\w-]+:[^\s]+")

type Settled = Mapping[Cell, Answer]


class ExampleTrial:
    """One example on the stage. result: what is known so far, also if a step raises."""

    def __init__(self, example: str, stage: AwsStage, patience: Patience, say: Callable[[str], None]) -> None:
        self.example = example
        self._stage = stage
        self._patience = patience
        self._say = say
        self._engine = Engine(stage)
        self._calls = 0
        self._differences: list[Difference] = []
        self._texts: Counter[tuple[str, str, str]] = Counter()

    def result(self, failed: str = "") -> ExampleResult:
        """What is known so far. failed: why the trial ended early."""
        return ExampleResult(
            example=self.example,
            calls=self._calls,
            agreed=self._calls - len(self._differences),
            differences=tuple(self._differences),
            texts=tuple(
                Text(call=call, aws=aws, engine=engine, count=count)
                for (call, aws, engine), count in sorted(self._texts.items())
            ),
            failed=failed,
        )

    def run(self) -> None:
        """Apply, call, destroy. Raises HarnessError and botocore's errors."""
        with run_of(self.example, self._stage.cloud, self._stage) as run:
            run.expectations = self._stage.within_reach(run.expectations)
            try:
                before: frozenset[Cell] = frozenset()
                for mode in run.expectations.modes:
                    self._say(f"{self.example}: applying {mode}")
                    self._renew(run)
                    run.in_mode(mode)
                    cells = cells_of(run.expectations.access[mode], run.expectations.keys)
                    self._say(f"{self.example}: {len(cells)} calls in {mode}")
                    self._compare(run, mode, self._settled(run, cells, before))
                    before = frozenset(cells)
            finally:
                self._say(f"{self.example}: destroying")
                self._renew(run)
                run.destroy()

    def _renew(self, run: ExampleRun) -> None:
        run.terraform.renew(self._stage.deployer.terraform_environment())

    def _settled(self, run: ExampleRun, cells: list[Cell], before: frozenset[Cell]) -> Settled:
        """AWS's answers. First the calls that show that the change has arrived: those that are to be allowed, and those
        that ended otherwise before it. A refusal from before the change would look like one after it."""
        first = [cell for cell in cells if cell.allowed or (before and cell not in before)]
        settled: dict[Cell, Answer] = {}
        for part in (first, [cell for cell in cells if cell not in set(first)]):
            questions = {cell: self._question(run, cell) for cell in part}
            settled |= settle(questions, self._patience)
        return settled

    def _question(self, run: ExampleRun, cell: Cell) -> Question[Answer]:
        principal, target = self._of(run, cell)
        return Question(lambda: make(principal, target, cell.call), lambda answer: answer.outcome == cell.expected)

    @staticmethod
    def _of(run: ExampleRun, cell: Cell) -> tuple[Principal, Target]:
        principal = run.principals[cell.principal]
        return principal, run.targets[principal.account][cell.key]

    def _compare(self, run: ExampleRun, mode: str, answers: Settled) -> None:
        self._engine.forget()
        for cell, answer in answers.items():
            self._calls += 1
            decision = self._engine.on_probe(*self._of(run, cell), cell.call)
            engine = decision.outcome.value
            decided = answer_as(decision)
            if not answer.outcome == engine == cell.expected:
                self._differences.append(
                    Difference(
                        mode=mode,
                        principal=cell.principal,
                        key=cell.key,
                        call=cell.call,
                        expected=cell.expected,
                        aws=answer.outcome,
                        aws_answer=str(answer),
                        engine=engine,
                        engine_answer=str(decided),
                    )
                )
            elif answer != decided:
                self._texts[cell.call, _pattern(answer), _pattern(decided)] += 1


def _pattern(answer: Answer) -> str:
    """An error without what differs from call to call."""
    return ARN.sub("ARN", str(answer))
