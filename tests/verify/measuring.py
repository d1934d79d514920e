"""Measuring: all experiments are built, their calls settle together, controls first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from plerion_kms.authorization.decision import Decision
from verify.calls import Answer, answer_as, answer_of
from verify.decisions import Engine
from verify.experiments import Call, Experiment
from verify.lab import Lab
from verify.patience import Patience, Question, settle
from verify.report import ExperimentResult, Measured
from verify.stage import AwsStage

REFUSED_DOCUMENT = ("MalformedPolicyDocument", "MalformedPolicyDocumentException")


@dataclass(frozen=True)
class _Built:
    experiment: Experiment
    calls: Sequence[Call] = ()
    document_refused: str = ""
    failed: str = ""


def measure(
    experiments: Sequence[Experiment], stage: AwsStage, patience: Patience, say: Callable[[str], None]
) -> tuple[list[ExperimentResult], Lab]:
    """Run the experiments. Returns their results and the lab that they were made in. One that fails does not raise."""
    lab, built = Lab(stage), []
    for experiment in experiments:
        say(f"Experiment {experiment.name}")
        built.append(_build(experiment, lab))
    engine = Engine(stage)
    say("Waiting for the answers to the experiments")
    answers: dict[Call, Answer] = {}
    decisions: dict[Call, Decision] = {}
    for control in (True, False):
        calls = [call for each in built for call in each.calls if call.control is control]
        decisions |= {call: engine.on_call(call.by, call.make, call.key) for call in calls}
        answers |= settle({call: _question(call, decisions[call]) for call in calls}, patience)
    return [_result(each, answers, decisions) for each in built], lab


def _build(experiment: Experiment, lab: Lab) -> _Built:
    try:
        return _Built(experiment, tuple(experiment.build(lab)))
    except ClientError as error:
        if error.response["Error"]["Code"] in REFUSED_DOCUMENT:
            return _Built(experiment, document_refused=str(error))
        return _Built(experiment, failed=str(error))
    except BotoCoreError as error:
        return _Built(experiment, failed=str(error))


def _question(call: Call, decision: Decision) -> Question[Answer]:
    kms = call.by.in_region(call.key.split(":")[3]).client("kms")
    return Question(lambda: answer_of(lambda: call.make(kms)), lambda answer: _as_engine(call, answer, decision))


def _as_engine(call: Call, answer: Answer, decision: Decision) -> bool:
    """Whether the engine's choice gives this answer. Any answer will do for a call that the engine leaves undecided."""
    if call.expected is None:
        return answer.outcome != "no answer"
    return (
        answer.outcome == call.expected
        and call.words in answer.text
        and (not call.same_text or answer == answer_as(decision))
    )


def _result(built: _Built, answers: Mapping[Call, Answer], decisions: Mapping[Call, Decision]) -> ExperimentResult:
    experiment = built.experiment
    measured = []
    agree = {True: True, False: True}
    answered = True
    for call in built.calls:
        answer, decision = answers[call], decisions[call]
        agree[call.control] = agree[call.control] and _as_engine(call, answer, decision)
        answered = answered and answer.outcome != "no answer"
        measured.append(
            Measured(call=call.what, aws=answer.outcome, aws_answer=str(answer), engine=decision.outcome.value)
        )
    finding, meaning = _finding(built, controls=agree[True], answered=answered, as_engine=agree[False])
    return ExperimentResult(
        experiment=experiment.name,
        unknown=experiment.unknown,
        question=experiment.question,
        finding=finding,
        meaning=meaning,
        calls=tuple(measured),
    )


def _finding(built: _Built, *, controls: bool, answered: bool, as_engine: bool) -> tuple[str, str]:
    experiment = built.experiment
    if built.document_refused:
        return "otherwise", f"AWS takes no such policy: {built.document_refused}"
    if built.failed:
        return "inconclusive", f"It could not be set up: {built.failed}"
    if not built.calls:
        return "not run", "The account has nothing to try it with."
    if not controls:
        return "inconclusive", "A call whose answer is known ended otherwise: the set-up had not arrived in time."
    if not answered:
        return "inconclusive", "AWS gave no answer to one of the calls."
    if all(call.expected is None for call in built.calls if not call.control):
        return "answered", experiment.as_engine
    return ("as the engine", experiment.as_engine) if as_engine else ("otherwise", experiment.otherwise)
