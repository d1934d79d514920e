"""One run of each example per worker; xdist keeps an example's tests on one worker. No plan may carry a warning."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.aws.cloud import EmulatedCloud

from .examples import Runs

IN_CI_ALONE = frozenset({"many-accounts"})
"""Groups of tests of an example whose parts other examples show too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that destroy an example come last: so each example is applied once."""
    for item in items:
        if any(IN_CI_ALONE & set(mark.args) for mark in item.iter_markers("xdist_group")):
            item.add_marker("ci")
    items.sort(key=lambda item: item.name.startswith("test_destroy"))


@pytest.fixture(scope="session")
def runs(cloud: EmulatedCloud) -> Iterator[Runs]:
    """This worker's runs of the examples."""
    with Runs(cloud) as started:
        yield started


@pytest.fixture(autouse=True)
def no_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test whose plan or apply warns of anything but a check block of ours: of what is deprecated next."""
    yield
    if "runs" in request.fixturenames:
        assert request.getfixturevalue("runs").warnings() == {}
