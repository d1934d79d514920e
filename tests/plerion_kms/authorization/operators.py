"""Condition operators: what each does with one value of the request and one value of the policy.

Source: IAM user guide "IAM JSON policy elements: Condition operators"; RULES.md "Conditions".

A test is made from the policy's value when the policy is compiled, and is called with the request's value. A value of
the policy that the operator cannot read, and a value of the request of another type (README.md, "Unknown"), raise
UnsupportedError.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from plerion_kms.authorization.arn import parse_arn
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.patterns import Part, compile_parts, split_parts

type Test = Callable[[str], bool]
"""Whether a value of the request fits."""

type MakeTest = Callable[[list[Part]], Test]
"""Makes a test from a policy's value, its variables already put in."""


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator without set qualifier and `IfExists`.

    make: for a value of the policy, the test of the positive form; negated: the operator is true where no value fits;
    variables: policy variables are resolved in its values.
    """

    name: str
    make: MakeTest
    negated: bool = False
    variables: bool = False


def _text(parts: list[Part]) -> str:
    return "".join(text for text, _ in parts)


def _string_equals(parts: list[Part]) -> Test:
    expected = _text(parts)
    return lambda actual: actual == expected


def _string_equals_ignore_case(parts: list[Part]) -> Test:
    expected = _text(parts).lower()
    return lambda actual: actual.lower() == expected


def _string_like(parts: list[Part]) -> Test:
    return compile_parts(parts).matches


def _arn_like(parts: list[Part]) -> Test:
    segments = [compile_parts(segment) for segment in split_parts(parts, ":", 5)]
    if len(segments) == 1 and segments[0].is_star:
        return lambda actual: parse_arn(actual) is not None
    if len(segments) != 6:
        raise UnsupportedError(f"the ARN {_text(parts)!r}, which has fewer than six parts")

    def test(actual: str) -> bool:
        arn = parse_arn(actual)
        return arn is not None and all(
            segment.matches(text) for segment, text in zip(segments, arn.segments, strict=True)
        )

    return test


_DECIMAL = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})", re.ASCII)


def _number(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise UnsupportedError(f"the number {text!r}")
    return Decimal(text)


def _numeric(compare: Callable[[Decimal, Decimal], bool]) -> MakeTest:
    def make(parts: list[Part]) -> Test:
        expected = _number(_text(parts))
        return lambda actual: compare(_number(actual), expected)

    return make


_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?", re.ASCII)
_EPOCH = re.compile(r"\d{5,12}(\.\d{1,9})?", re.ASCII)


def _moment(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 date (UTC unless it says otherwise) or of a number of seconds."""
    if _EPOCH.fullmatch(text):
        return float(text)
    if not _DATE.fullmatch(text):
        raise UnsupportedError(f"the date {text!r}")
    padded = text + {4: "-01-01", 7: "-01"}.get(len(text), "")
    try:
        moment = datetime.fromisoformat(padded)
    except ValueError:
        raise UnsupportedError(f"the date {text!r}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _date(compare: Callable[[float, float], bool]) -> MakeTest:
    def make(parts: list[Part]) -> Test:
        expected = _moment(_text(parts))
        return lambda actual: compare(_moment(actual), expected)

    return make


def truth(text: str) -> bool:
    """`true` or `false`, in any letter case; anything else raises UnsupportedError."""
    folded = text.lower()
    if folded not in ("true", "false"):
        raise UnsupportedError(f"{text!r} where true or false is expected")
    return folded == "true"


def _bool(parts: list[Part]) -> Test:
    expected = "true" if truth(_text(parts)) else "false"
    return lambda actual: actual.lower() == expected


def _binary(parts: list[Part]) -> Test:
    expected = _decode(_text(parts))
    return lambda actual: _decode(actual) == expected


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UnsupportedError(f"{text!r}, which is not base64") from None


def _ip(parts: list[Part]) -> Test:
    try:
        network = ipaddress.ip_network(_text(parts), strict=False)
    except ValueError:
        raise UnsupportedError(f"the IP address range {_text(parts)!r}") from None

    def test(actual: str) -> bool:
        try:
            address = ipaddress.ip_address(actual)
        except ValueError:
            raise UnsupportedError(f"{actual!r} where an IP address is expected") from None
        return address in network

    return test


def _table() -> dict[str, Operator]:
    operators = [
        Operator("StringEquals", _string_equals, variables=True),
        Operator("StringNotEquals", _string_equals, negated=True, variables=True),
        Operator("StringEqualsIgnoreCase", _string_equals_ignore_case, variables=True),
        Operator("StringNotEqualsIgnoreCase", _string_equals_ignore_case, negated=True, variables=True),
        Operator("StringLike", _string_like, variables=True),
        Operator("StringNotLike", _string_like, negated=True, variables=True),
        Operator("ArnEquals", _arn_like, variables=True),
        Operator("ArnNotEquals", _arn_like, negated=True, variables=True),
        Operator("ArnLike", _arn_like, variables=True),
        Operator("ArnNotLike", _arn_like, negated=True, variables=True),
        Operator("Bool", _bool),
        Operator("BinaryEquals", _binary),
        Operator("IpAddress", _ip),
        Operator("NotIpAddress", _ip, negated=True),
    ]
    for family, make in (("Numeric", _numeric), ("Date", _date)):
        operators += [
            Operator(f"{family}Equals", make(lambda actual, expected: actual == expected)),
            Operator(f"{family}NotEquals", make(lambda actual, expected: actual == expected), negated=True),
            Operator(f"{family}LessThan", make(lambda actual, expected: actual < expected)),
            Operator(f"{family}LessThanEquals", make(lambda actual, expected: actual <= expected)),
            Operator(f"{family}GreaterThan", make(lambda actual, expected: actual > expected)),
            Operator(f"{family}GreaterThanEquals", make(lambda actual, expected: actual >= expected)),
        ]
    return {operator.name.lower(): operator for operator in operators}


OPERATORS = _table()
"""Every operator but `Null`, by its name in lower case."""
