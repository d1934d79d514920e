"""Each test has accounts of its own in its worker's emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from emulator.process import DEFAULT_SERVICES
from test_emulator import faults
from test_emulator.aws import Account, Faulty


@pytest.fixture
def account(emulator: Emulator) -> Account:
    """An account that no other test uses."""
    return Account.make(emulator.endpoint_url)


@pytest.fixture
def other(emulator: Emulator) -> Account:
    """A second account."""
    return Account.make(emulator.endpoint_url)


@pytest.fixture(scope="session")
def faulty() -> Iterator[Faulty]:
    """An emulator with switches; tests that use it are in the group `faults`, so that one worker starts it."""
    running = Emulator(services=(*DEFAULT_SERVICES, "cloudformation"))
    with pytest.MonkeyPatch.context() as patch:  # for its start alone: other emulators of this worker have no switches
        patch.setattr("emulator.process.LAUNCHER", Path(faults.__file__))
        running.start()
    yield Faulty(running)
    running.stop()
