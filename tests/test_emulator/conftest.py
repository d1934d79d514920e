"""One emulator for each worker; each test has accounts of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator import Emulator
from test_emulator.aws import Account


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """An emulator that enforces."""
    with Emulator() as running:
        yield running


@pytest.fixture
def account(emulator: Emulator) -> Account:
    """An account that no other test uses."""
    return Account.make(emulator.endpoint_url)


@pytest.fixture
def other(emulator: Emulator) -> Account:
    """A second account."""
    return Account.make(emulator.endpoint_url)
