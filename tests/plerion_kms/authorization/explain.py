"""A decision in a few lines for people."""

from __future__ import annotations

from plerion_kms.authorization.decision import ConditionFailure, Decision, StatementTrace


def explain(decision: Decision) -> str:
    """First line: allowed or refused, and by what. Then the statements that matched, and for near misses the failing
    condition with the key, the expected and the actual value."""
    verdict = "allowed by" if decision.allowed else "refused:"
    lines = [f"{verdict} {decision.source.value}: {decision.reason}"]
    lines += [f"  matched: {describe(trace)}" for trace in decision.trace if trace.failure is None]
    lines += [f"  not matched: {describe(trace)}" for trace in decision.trace if trace.failure is not None]
    return "\n".join(lines).encode("utf-8", "backslashreplace").decode()


def describe(trace: StatementTrace) -> str:
    """A statement by its effect, name and policy; a near miss also with the failing condition."""
    name = f"{trace.effect} {trace.statement!r} of {trace.source.value} {trace.policy!r}"
    failure = trace.failure
    if failure is None:
        return name
    expected = " or ".join(repr(value) for value in failure.expected)
    # Every negated operator of AWS's has `Not` in its name, and no other has.
    but = "anything but " if "not" in failure.operator.lower() else ""
    return f"{name}: {failure.operator} {failure.key} expects {but}{expected}, got {_actual(failure)}"


def _actual(failure: ConditionFailure) -> str:
    if failure.actual is None:
        return "nothing (the key is absent)"
    if isinstance(failure.actual, str):
        return repr(failure.actual)
    return "[" + ", ".join(repr(value) for value in failure.actual) + "]"
