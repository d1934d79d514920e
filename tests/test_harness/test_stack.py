"""The outputs of a stack, as LocalStack's CloudFormation shows them: after it has called the stack complete."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import HarnessError
from harness.examples import stackset as stack
from harness.examples.stackset import outputs_of

EARLIER, LATER = "arn:aws:cloudformation:us-east-1:111111111111:changeSet/plan-1", "arn:...:changeSet/plan-2"


class Answers:
    """Gives one answer of DescribeStacks after the other, the last one for good."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", **answer}]}


def outputs(value: str) -> list[dict[str, str]]:
    return [{"OutputKey": "AccessRoleArn", "OutputValue": value}]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "PATIENCE", {"Delay": 0.001, "MaxAttempts": 5})


def test_a_stack_that_was_made_just_now_gets_time_for_its_outputs() -> None:
    client = Answers({}, {"Outputs": outputs("made")}, {"Outputs": outputs("made"), "ChangeSetId": EARLIER})
    assert outputs_of(client, EARLIER) == {"AccessRoleArn": "made"}
    assert len(client.answers) == 1


def test_an_updated_stack_does_not_give_the_outputs_that_it_had_before() -> None:
    before = {"Outputs": outputs("before"), "ChangeSetId": EARLIER}
    client = Answers(before, before, {"Outputs": outputs("after"), "ChangeSetId": LATER})
    assert outputs_of(client, LATER) == {"AccessRoleArn": "after"}


def test_a_stack_without_a_change_set_to_wait_for_gives_what_it_has() -> None:
    assert outputs_of(Answers({"Outputs": outputs("there")})) == {"AccessRoleArn": "there"}
    assert outputs_of(Answers({})) == {}


def test_outputs_that_do_not_come_are_said() -> None:
    with pytest.raises(HarnessError, match=r"complete, but shows no outputs of its change set: try again\.$"):
        outputs_of(Answers({"ChangeSetId": EARLIER}), LATER)
