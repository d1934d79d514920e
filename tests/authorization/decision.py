"""What comes out: allowed or not, by which policy, AWS's error, and the statements that led there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """The policy that decided. The values are the words AWS's messages use, where AWS has words for it."""

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
    NOT_SUPPORTED = "operation that does not work across accounts"
    REQUEST = "request itself"
    NOT_UNDERSTOOD = "something the engine does not understand"


@dataclass(frozen=True, slots=True)
class AwsError:
    """The error as AWS words it: `code` in the response body, HTTP `status`, `message`."""

    code: str
    status: int
    message: str


@dataclass(frozen=True, slots=True)
class ConditionFailure:
    """Why a condition did not hold: operator as written, key as written, wanted values, the value seen (None: the
    key is absent from the request)."""

    operator: str
    key: str
    wanted: tuple[str, ...]
    seen: str | tuple[str, ...] | None


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


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one request. `error` is None exactly when `allowed`."""

    allowed: bool
    source: Source
    reason: str
    error: AwsError | None = None
    trace: tuple[StatementTrace, ...] = ()
