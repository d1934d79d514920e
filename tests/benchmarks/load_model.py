"""What calls under load may answer: written from the guide and the KMS developer guide, without the engine.

A call overlaps changes, and a decision reads one fact after the other. So every combination of what each fact was
during the call is admissible, and nothing else is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product


class Outcome(StrEnum):
    """How a call ends."""

    ALLOWED = "allowed"
    DENIED = "AccessDeniedException"
    DISABLED = "DisabledException"


class KeyPolicy(StrEnum):
    """What the key's policy holds for its administrator and for Plerion."""

    DELEGATING = "delegates to the account"
    ADDITIONS = "names its administrator, with the guide's additions"
    CLOSED = "names its administrator alone"


APPLIANCE, GRANTEE = "appliance", "grantee"
"""The callers: the appliance role with the mode statement, and a role without permissions that grants name."""

OPERATIONS = ("Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey")
"""All are listed by the mode statement and by the additions alike."""


@dataclass
class Fact[Value]:
    """A fact over time, in seconds. A change takes effect at some moment between its call's start and end."""

    value: Value
    _spans: list[tuple[Value, float, float]] = field(default_factory=list)
    _since: float = -math.inf

    def change(self, value: Value, began: float, ended: float) -> None:
        """It has another value, by a call that took from `began` to `ended`."""
        self._spans.append((self.value, self._since, ended))
        self.value, self._since = value, began

    def during(self, start: float, end: float) -> set[Value]:
        """The values that it may have had between these two moments."""
        spans: Iterable[tuple[Value, float, float]] = (*self._spans, (self.value, self._since, math.inf))
        return {value for value, since, until in spans if since <= end and until >= start}


@dataclass
class KeyFacts:
    """What is known of a key.

    tag: the value of PlerionAccess, None without the tag. granted: the operations that a grant allows the grantee.
    """

    policy: Fact[KeyPolicy]
    tag: Fact[str | None]
    enabled: Fact[bool]
    granted: Fact[frozenset[str]]


def outcome(
    caller: str,
    operation: str,
    mode: str,
    policy: KeyPolicy,
    tag: str | None,
    granted: frozenset[str],
    *,
    enabled: bool,
) -> Outcome:
    """How a call ends while nothing changes. Authorization comes before the key's state, which DescribeKey ignores."""
    if caller == GRANTEE:
        allowed = operation in granted
    elif policy == KeyPolicy.DELEGATING:
        allowed = tag != "Denied" if mode == "ALL_KEYS" else tag == "Granted"
    else:
        allowed = policy == KeyPolicy.ADDITIONS
    if not allowed:
        return Outcome.DENIED
    return Outcome.ALLOWED if enabled or operation == "DescribeKey" else Outcome.DISABLED


def admissible(caller: str, operation: str, mode: Fact[str], key: KeyFacts, start: float, end: float) -> set[Outcome]:
    """How a call between these two moments may have ended."""
    return set(_outcomes(caller, operation, mode, key, start, end))


def _outcomes(
    caller: str, operation: str, mode: Fact[str], key: KeyFacts, start: float, end: float
) -> Iterator[Outcome]:
    facts = product(
        mode.during(start, end),
        key.policy.during(start, end),
        key.tag.during(start, end),
        key.granted.during(start, end),
        key.enabled.during(start, end),
    )
    for in_mode, policy, tag, granted, enabled in facts:
        yield outcome(caller, operation, in_mode, policy, tag, granted, enabled=enabled)
