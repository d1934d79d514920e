"""The load's model, against lines written by hand from the guide and the KMS developer guide."""

from __future__ import annotations

import pytest

from benchmarks.load_model import APPLIANCE, GRANTEE, Fact, KeyFacts, KeyPolicy, Outcome, admissible, outcome

DELEGATING, ADDITIONS, CLOSED = KeyPolicy.DELEGATING, KeyPolicy.ADDITIONS, KeyPolicy.CLOSED
ALLOWED, DENIED, DISABLED = Outcome.ALLOWED, Outcome.DENIED, Outcome.DISABLED
NOTHING: frozenset[str] = frozenset()
DECRYPT = frozenset({"Decrypt"})


@pytest.mark.parametrize(
    ("caller", "operation", "mode", "policy", "tag", "granted", "enabled", "expected"),
    [
        # The mode statement decides on a key that delegates to the account.
        (APPLIANCE, "Decrypt", "ALL_KEYS", DELEGATING, None, NOTHING, True, ALLOWED),
        (APPLIANCE, "Decrypt", "ALL_KEYS", DELEGATING, "Granted", NOTHING, True, ALLOWED),
        (APPLIANCE, "Decrypt", "ALL_KEYS", DELEGATING, "Denied", NOTHING, True, DENIED),
        (APPLIANCE, "Decrypt", "SELECTED_KEYS", DELEGATING, None, NOTHING, True, DENIED),
        (APPLIANCE, "Decrypt", "SELECTED_KEYS", DELEGATING, "Granted", NOTHING, True, ALLOWED),
        (APPLIANCE, "Decrypt", "SELECTED_KEYS", DELEGATING, "Denied", NOTHING, True, DENIED),
        # The additions allow by themselves; without them, and without delegation, nothing does.
        (APPLIANCE, "Encrypt", "SELECTED_KEYS", ADDITIONS, "Denied", NOTHING, True, ALLOWED),
        (APPLIANCE, "Encrypt", "ALL_KEYS", CLOSED, "Granted", NOTHING, True, DENIED),
        # A grant is for its grantee and its operations, whatever the policy, the mode and the tag.
        (GRANTEE, "Decrypt", "SELECTED_KEYS", CLOSED, "Denied", DECRYPT, True, ALLOWED),
        (GRANTEE, "Encrypt", "ALL_KEYS", DELEGATING, None, DECRYPT, True, DENIED),
        (GRANTEE, "Decrypt", "ALL_KEYS", ADDITIONS, "Granted", NOTHING, True, DENIED),
        (APPLIANCE, "Decrypt", "ALL_KEYS", CLOSED, None, DECRYPT, True, DENIED),
        # The state of a key is an answer for those alone who may use it.
        (APPLIANCE, "Decrypt", "ALL_KEYS", DELEGATING, None, NOTHING, False, DISABLED),
        (APPLIANCE, "Decrypt", "ALL_KEYS", DELEGATING, "Denied", NOTHING, False, DENIED),
        (GRANTEE, "Decrypt", "ALL_KEYS", CLOSED, None, DECRYPT, False, DISABLED),
        (APPLIANCE, "DescribeKey", "ALL_KEYS", DELEGATING, None, NOTHING, False, ALLOWED),
    ],
)
def test_a_call_while_nothing_changes(
    caller: str,
    operation: str,
    mode: str,
    policy: KeyPolicy,
    tag: str | None,
    granted: frozenset[str],
    enabled: bool,
    expected: Outcome,
) -> None:
    assert outcome(caller, operation, mode, policy, tag, granted, enabled=enabled) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0.0, 9.0, {"a"}),
        (0.0, 10.0, {"a", "b"}),
        (10.5, 10.6, {"a", "b"}),
        (11.0, 11.0, {"a", "b"}),
        (11.1, 19.9, {"b"}),
        (0.0, 25.0, {"a", "b", "c"}),
        (21.1, 30.0, {"c"}),
    ],
)
def test_a_change_takes_effect_between_its_start_and_its_end(start: float, end: float, expected: set[str]) -> None:
    fact = Fact("a")
    fact.change("b", 10.0, 11.0)
    fact.change("c", 20.0, 21.0)
    assert fact.value == "c"
    assert fact.during(start, end) == expected


def test_a_call_during_two_changes_may_end_in_every_combination() -> None:
    mode = Fact("ALL_KEYS")
    key = KeyFacts(Fact(DELEGATING), Fact(None), Fact(True), Fact(NOTHING))
    mode.change("SELECTED_KEYS", 10.0, 11.0)
    key.enabled.change(False, 10.5, 11.5)
    assert admissible(APPLIANCE, "Decrypt", mode, key, 1.0, 2.0) == {ALLOWED}
    assert admissible(APPLIANCE, "Decrypt", mode, key, 9.0, 10.2) == {ALLOWED, DENIED}
    assert admissible(APPLIANCE, "Decrypt", mode, key, 9.0, 10.7) == {ALLOWED, DENIED, DISABLED}
    assert admissible(APPLIANCE, "Decrypt", mode, key, 12.0, 13.0) == {DENIED}
