"""One run of each example per worker; xdist keeps an example's tests on one worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.cloud import EmulatedCloud

from .examples import Runs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that destroy an example come last: so each example is applied once."""
    items.sort(key=lambda item: item.name.startswith("test_destroy"))


@pytest.fixture(scope="session")
def runs(cloud: EmulatedCloud) -> Iterator[Runs]:
    """This worker's runs of the examples."""
    with Runs(cloud) as started:
        yield started
