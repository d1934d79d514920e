"""Each test has accounts of its own in its worker's emulator."""

from __future__ import annotations

import pytest

from emulator import Emulator
from test_emulator.aws import Account


@pytest.fixture
def account(emulator: Emulator) -> Account:
    """An account that no other test uses."""
    return Account.make(emulator.endpoint_url)


@pytest.fixture
def other(emulator: Emulator) -> Account:
    """A second account."""
    return Account.make(emulator.endpoint_url)
