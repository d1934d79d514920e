"""What comes out: allowed, refused or undecided, by which policy, AWS's error, and the statements that led there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """The policy that decided. The values are the words AWS's messages use, where AWS has words for it."""

    __hash__ = str.__hash__  # as that of PolicyKind

    IDENTITY = "identity-based policy"
    KEY_POLICY = "resource-based policy"
    KEY_POLICY_DELEGATION = "resource-based policy that delegates to the account"
    TRUST_POLICY = "role trust policy"
    GRANT = "grant"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    ENDPOINT = "VPC endpoint policy"
    ACCOUNT_ROOT = "account root user"
    NOT_CROSS_ACCOUNT = "operation that does not work across accounts"
    REQUEST = "request itself"
    UNSUPPORTED = "something the engine does not support"


@dataclass(frozen=True, slots=True)
class AwsError:
    """The error as AWS words it: `code` in the response body, HTTP `status`, `message`."""

    code: str
    status: int
    message: str


@dataclass(frozen=True, slots=True)
class ConditionFailure:
    """Why a condition did not hold: operator as written, key as written, expected values, the value actual (None: the
    key is absent from the request)."""

    operator: str
    key: str
    expected: tuple[str, ...]
    actual: str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class StatementTrace:
    """A statement that matched the request, or that matched but for a condition (a near miss).

    source: the kind of policy; policy: its name; statement: its Sid, or `statement N` counted from 1.
    effect: `Allow` or `Deny`; failure: None where the statement matched.
    """

    source: Source
    policy: str
    statement: str
    effect: str
    failure: ConditionFailure | None = None


class Outcome(StrEnum):
    """The three answers inside the engine. Outside there are two: what is undecided is refused."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNDECIDED = "undecided"


class Decision:
    """The answer for one request.

    allowed: whether the request goes through. source: the kind of policy that decided.
    unsupported: if the answer depends on parts of a policy or of the request that the engine does not support, their
        names; else empty.
    Texts and trace are given as they are, or as functions that make them when they are first read: most callers only
    read `allowed`.
    """

    __slots__ = ("_error", "_reason", "_trace", "allowed", "source", "unsupported")

    def __init__(
        self,
        allowed: bool,
        source: Source,
        reason: str | Callable[[], str],
        error: AwsError | Callable[[], AwsError] | None = None,
        trace: tuple[StatementTrace, ...] | Callable[[], tuple[StatementTrace, ...]] = (),
        unsupported: tuple[str, ...] = (),
    ) -> None:
        self.allowed = allowed
        self.source = source
        self.unsupported = unsupported
        self._reason = reason
        self._error = error
        self._trace = trace

    @property
    def outcome(self) -> Outcome:
        """Allowed, refused, or undecided: the last where something unsupported makes the difference."""
        if self.allowed:
            return Outcome.ALLOWED
        return Outcome.UNDECIDED if self.unsupported else Outcome.REFUSED

    @property
    def reason(self) -> str:
        """Why, in one line."""
        if callable(self._reason):
            self._reason = self._reason()
        return self._reason

    @property
    def error(self) -> AwsError | None:
        """AWS's error; None exactly when `allowed`."""
        if callable(self._error):
            self._error = self._error()
        return self._error

    @property
    def trace(self) -> tuple[StatementTrace, ...]:
        """The statements that matched, and those that matched but for a condition."""
        if callable(self._trace):
            self._trace = self._trace()
        return self._trace

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self._parts() == other._parts()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Decision({self.outcome.value}, {self.source.value!r}, {self.reason!r})"

    def _parts(self) -> tuple[object, ...]:
        return self.allowed, self.source, self.unsupported, self.reason, self.error, self.trace


def first_refusal(decisions: Iterable[Decision]) -> Decision:
    """The answer for what needs several permissions, one decision each: the first refusal, else the first that is
    undecided, else the last allow. Raises ValueError if there are none."""
    answer: Decision | None = None
    for decision in decisions:
        if decision.outcome is Outcome.REFUSED:
            return decision
        if answer is None or answer.allowed:
            answer = decision
    if answer is None:
        raise ValueError("no permission is asked for")
    return answer
