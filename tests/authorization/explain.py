"""A decision in a few lines that a person understands."""

from __future__ import annotations

from authorization.decision import Decision


def explain(decision: Decision) -> str:
    """First line: allowed or refused, and by what. Then the statements that matched, and for near misses the failing
    condition with the key, the wanted and the seen value."""
    raise NotImplementedError
