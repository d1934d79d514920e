"""The calls of the access files: AWS's answers, held against the expectation and the decision engine's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from harness.access.probes import CALLS, REFUSALS, Target, applicable
from harness.aws.principals import Principal

type Outcome = Literal["allowed", "refused", "no answer"]


@dataclass(frozen=True)
class Answer:
    """How a call ended. code, text: of the error, empty if it was allowed; of botocore if AWS did not answer."""

    code: str = ""
    text: str = ""

    @property
    def outcome(self) -> Outcome:
        """`no answer` for an error that says nothing about access."""
        if not self.code:
            return "allowed"
        return "refused" if self.code in REFUSALS else "no answer"

    def __str__(self) -> str:
        return f"{self.code}: {self.text}" if self.code else "allowed"


def answer_of(call: Callable[[], Any]) -> Answer:
    """Make the call."""
    try:
        call()
    except ClientError as error:
        details = error.response["Error"]
        return Answer(details["Code"], details.get("Message", ""))
    except BotoCoreError as error:
        return Answer(type(error).__name__, str(error))
    return Answer()


@dataclass(frozen=True)
class Cell:
    """One call of an access file: a principal's, on a key, and whether it is expected to be allowed."""

    principal: str
    key: str
    call: str
    allowed: bool

    @property
    def expected(self) -> Outcome:
        """The expected outcome."""
        return "allowed" if self.allowed else "refused"


def cells_of(access: Mapping[str, Mapping[str, frozenset[str]]], keys: Mapping[str, Any]) -> list[Cell]:
    """The calls of one mode. access: principal -> key -> the calls that are allowed; keys: their descriptions."""
    return [
        Cell(principal, key, call, call in allowed)
        for principal, lines in access.items()
        for key, allowed in lines.items()
        for call in applicable(keys[key].spec)
    ]


def make(principal: Principal, target: Target, call: str) -> Answer:
    """Make one call of an access file."""
    kms = principal.in_region(target.key.region).client("kms")
    return answer_of(lambda: CALLS[call](kms, target))
