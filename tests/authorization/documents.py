"""Policy documents: parsed, validated and compiled once, reused by every decision.

Source: IAM user guide "IAM JSON policy elements reference"; authorization.md "Policy language".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PolicyKind(StrEnum):
    """Where a document is used: it decides which elements are legal and how Principal is read."""

    IDENTITY = "identity"
    KEY = "key"
    TRUST = "trust"
    SESSION = "session"
    BOUNDARY = "boundary"
    SERVICE_CONTROL = "service control"
    RESOURCE_CONTROL = "resource control"


@dataclass(frozen=True, slots=True)
class Policy:
    """A named, compiled document. (The engine fills in the rest.)"""

    name: str
    kind: PolicyKind


def parse_policy(text: str, kind: PolicyKind, name: str) -> Policy:
    """Compile `text` (JSON). Never raises: what cannot be understood is kept as a problem of the policy, and every
    decision that would have to read it refuses and names it. Compiled documents are cached by text and kind."""
    raise NotImplementedError
