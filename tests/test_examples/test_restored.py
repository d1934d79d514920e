"""After existing-keys is destroyed, the keys have the policies that they were given, and no tag of Plerion's.

It runs after the tests of the lifecycle, which destroy the example.
"""

from __future__ import annotations

import pytest

from harness.examples.special import ExistingKeys

from .examples import Runs
from .test_existing_keys import statements, tags


@pytest.mark.ci
@pytest.mark.xdist_group("existing-keys")
def test_destroy_puts_the_given_policies_back_and_takes_the_tags_off(runs: Runs) -> None:
    run = runs.of("existing-keys")
    assert isinstance(run, ExistingKeys)
    if not run.outputs:
        run.in_mode("ALL_KEYS")
    if run.mode is not None:
        run.destroy()
    for key in ("isolated", "isolated-denied", "isolated-closed"):
        assert statements(run.stage.key_administrator, run.key_arns[key]) == []
    assert statements(run.stage.other_key_administrator.in_region(run.ELSEWHERE), run.elsewhere.arn) == []
    for key in ("delegating-untouched", "delegating-denied", "delegating-granted"):
        assert tags(run, key) == {"Owner": "Accounts"}
