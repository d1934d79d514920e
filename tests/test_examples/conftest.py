"""One run of each example per worker; xdist keeps an example's tests on one worker. No plan may carry a warning."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.aws.cloud import EmulatedCloud
from harness.errors import HarnessError
from harness.paths import EXAMPLES as FOLDER
from harness.terraform import provider_binary
from harness.terraform.hcl import read_folder

from .examples import EXAMPLES, Runs

IN_CI_ALONE = frozenset({"ebs-on-isolated-key", "many-accounts", "many-keys"})
"""Groups of tests of an example whose parts other examples show too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that destroy an example come last: so each example is applied once.

    Those of an example that needs a newer provider than the one at hand are skipped.
    """
    try:
        provider = provider_binary.locate()
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    needed = {
        example: provider_binary.oldest(read_folder(FOLDER / example).requirements["aws"]) for example in EXAMPLES
    }
    for item in items:
        groups = {group for mark in item.iter_markers("xdist_group") for group in mark.args}
        if IN_CI_ALONE & groups:
            item.add_marker("ci")
        for example in groups & set(needed):
            if provider.numbers < needed[example]:
                version = ".".join(map(str, needed[example]))
                item.add_marker(
                    pytest.mark.skip(f"{example} needs AWS provider {version}; this is {provider.version}.")
                )
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
