"""Each example, applied: every call that its `access.yaml` names ends as that file says."""

from __future__ import annotations

import pytest

from harness.access.expectations import load
from harness.aws import tally
from harness.examples.run import ExampleRun

from .examples import CALLED_IN_CI_ALONE, EXAMPLES, Runs


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each example, mode, principal and key."""
    if "principal" not in metafunc.fixturenames:
        return
    cases = [
        pytest.param(
            *((example, mode), principal, key),
            id=f"{example}-{mode}-{principal}-{key}",
            marks=[
                pytest.mark.xdist_group(example),
                *([pytest.mark.ci] if (example, mode) in CALLED_IN_CI_ALONE else []),
            ],
        )
        for example in EXAMPLES
        for mode, lines in load(example).access.items()
        for principal, by_key in lines.items()
        for key in by_key
    ]
    metafunc.parametrize(("applied", "principal", "key"), cases, indirect=["applied"])


@pytest.fixture
def applied(request: pytest.FixtureRequest, runs: Runs) -> ExampleRun:
    """The example, applied in the mode."""
    example, mode = request.param
    run = runs.of(example)
    run.in_mode(mode)
    return run


def test_calls_end_as_the_expectations_say(applied: ExampleRun, principal: str, key: str) -> None:
    matrix = applied.matrix(only=[(principal, key)])
    tally.CURRENT.asserted += len(matrix.cells)
    assert matrix.cells
    assert not matrix.mismatches(), "\n" + "\n".join(cell.describe() for cell in matrix.mismatches())
    for cell in matrix.cells:
        if not cell.expected:
            caller = applied.principals[principal].arn
            stable = f"User: {caller} is not authorized to perform: kms:{cell.permission} on "
            assert cell.observed.message.startswith(stable)
