"""Fixtures and reporting for all tests: one emulator per worker, nothing left behind, the count of calls at the end."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.process import DEFAULT_SERVICES
from harness import command
from harness.aws import tally
from harness.aws.cloud import EmulatedCloud
from harness.errors import HarnessError, in_words
from harness.terraform.runner import end_processes_below

ENFORCEMENT_VARIABLE = "PLERION_KMS_ENFORCEMENT"
RUN_FOLDER = pytest.StashKey[Path]()
TALLY = pytest.StashKey[tally.Tally]()
EMULATOR = pytest.StashKey[Emulator]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a temporary folder of its own, which its workers inherit; end it on other signals as on Ctrl-C."""
    config.stash[TALLY] = tally.Tally()
    command.stop_on_signals()
    if _is_worker(config):
        return
    try:
        command.prepare_process()
        config.stash[RUN_FOLDER] = folder = Path(tempfile.mkdtemp(prefix="plerion-kms-run-"))
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    except OSError as error:
        raise pytest.UsageError(in_words(error)) from error
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage, which takes a fifth of the time: what is collected stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's folder, also after an interrupt that gave workers no time to tidy up."""
    folder = config.stash.get(RUN_FOLDER, None)
    if folder is not None:
        end_processes_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's count to the controller."""
    if _is_worker(session.config):
        session.config.workeroutput["tally"] = tally.CURRENT.as_dict()  # type: ignore[attr-defined]
    else:
        session.config.stash[TALLY].add(tally.CURRENT)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up the counts of the workers."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[TALLY].add(tally.Tally(**output.get("tally", {})))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say so, and end the run, if a test failed because the emulator has ended."""
    report = yield
    emulator = item.session.stash.get(EMULATOR, None)
    if report.failed and emulator is not None and (ended := emulator.ended()):
        report.longrepr = item.session.shouldstop = ended
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print how many real calls stand behind the result."""
    total = config.stash[TALLY]
    terminalreporter.write_line(
        f"{total.made} boto3 calls to the emulator, {total.asserted} of them compared with a hand-written expectation."
    )


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """This worker's LocalStack. It enforces, unless PLERION_KMS_ENFORCEMENT is `off`: the control run says so."""
    enforce = os.environ.get(ENFORCEMENT_VARIABLE, "on") != "off"
    with Emulator(enforce=enforce, services=(*DEFAULT_SERVICES, "cloudformation")) as running:
        request.session.stash[EMULATOR] = running
        yield running


@pytest.fixture(scope="session")
def cloud(emulator: Emulator) -> EmulatedCloud:
    """Where boto3 clients of this worker go."""
    return EmulatedCloud(emulator.endpoint_url)
