"""The calls of the access files: AWS's answers, held against the expectation and the decision engine's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from harness.access.probes import CALLS, REFUSALS, Target
from harness.aws.principals import Principal
from plerion_kms.authorization.decision import Decision
from plerion_kms.probes import applicable
from verify.cloud import EXPIRED, THROTTLED

type Outcome = Literal["allowed", "refused", "another error", "no answer"]

DRY_RUN_SUCCEEDED = "DryRunOperationException"
SAYS_NOTHING = (
    *EXPIRED,
    *THROTTLED,
    "DependencyTimeoutException",
    "InternalFailure",
    "KMSInternalException",
    "LimitExceededException",
    "ServiceUnavailable",
)
"""Errors of AWS's that say nothing about the call."""


@dataclass(frozen=True)
class Answer:
    """How a call ended. code, text: of the error, empty if it was allowed. from_aws: whether AWS answered."""

    code: str = ""
    text: str = ""
    from_aws: bool = True

    @property
    def outcome(self) -> Outcome:
        """`no answer` if nothing was learnt about the call."""
        if not self.code:
            return "allowed"
        if self.code in REFUSALS:
            return "refused"
        return "no answer" if self.code in SAYS_NOTHING or not self.from_aws else "another error"

    def __str__(self) -> str:
        return f"{self.code}: {self.text}" if self.code else "allowed"


def answer_as(decision: Decision) -> Answer:
    """The answer that AWS would give by the decision."""
    return Answer() if decision.error is None else Answer(decision.error.code, decision.error.message)


def answer_of(call: Callable[[], Any]) -> Answer:
    """Make the call."""
    try:
        call()
    except ClientError as error:
        details = error.response["Error"]
        if details["Code"] == DRY_RUN_SUCCEEDED:
            return Answer()
        return Answer(details["Code"], details.get("Message", ""))
    except BotoCoreError as error:
        return Answer(type(error).__name__, str(error), from_aws=False)
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
