"""Runs on the emulator in place of AWS, behind a proxy that is as unsteady as AWS: the report is right, and the account
is as it was before."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import REGION, Account
from test_verify.conftest import caller_of, inventory
from test_verify.unsteady import Time, Unsteady, Weather
from verify.cleaning import Cleaner
from verify.cloud import AwsCloud
from verify.experiments import EXPERIMENTS, KEYS, ROLES, Experiment
from verify.patience import Patience
from verify.plan import Plan
from verify.report import Report
from verify.run import FURTHER_REGION, Run
from verify.tags import RunTag

Accounts = tuple[Account, Account]

FEW = ("boundary-and-star", "empty-tag", "reencrypt-order")
FINDINGS = {
    # The emulator's IAM and KMS refuse these documents; the other two are undecided, which it refuses.
    "operator-case": "otherwise",
    "allow-not-principal": "otherwise",
    "variable-in-bool": "answered",
    "value-of-another-type": "answered",
    # No AWS managed key was used in these accounts.
    "aliases-of-aws-managed-keys": "not run",
}
"""What the emulator answers otherwise than `as the engine`."""


def experiments(*names: str) -> Sequence[Experiment]:
    """Those of these names."""
    return [each for each in EXPERIMENTS if each.name in names]


def run_with(
    accounts: Sequence[Account],
    cloud: EmulatedCloud,
    proxy: Unsteady,
    *,
    examples: Sequence[str] = (),
    tried: Sequence[Experiment] = (),
) -> Run:
    """A run through the proxy, in these accounts, not yet begun."""
    aws = AwsCloud(RunTag(), proxy.url)
    callers = [caller_of(account, cloud, aws) for account in accounts]
    patience = Patience(seconds=600, now=proxy.time.now, sleep=proxy.time.sleep, threads=1)
    return Run(aws, callers, REGION, Plan(examples, tried, len(callers)), patience, lambda _: None, relay="own")


def in_words(report: Report) -> str:
    """For a failed test."""
    return report.model_dump_json(indent=1, exclude={"unanswerable", "not_tried"})


@pytest.mark.ci
def test_a_run_in_steady_weather_agrees_and_leaves_nothing(
    accounts: Accounts, cloud: EmulatedCloud, time: Time
) -> None:
    with Unsteady(cloud.endpoint_url, Weather(), time) as proxy:
        run = run_with(accounts[:1], cloud, proxy, tried=experiments(FEW[0]))
        before = inventory(accounts[0])
        run.run()
    assert [each.finding for each in run.report().experiments] == ["as the engine"], in_words(run.report())
    assert run.report().left == ()
    assert inventory(accounts[0]) == before
    assert proxy.keys_left == set()


@pytest.mark.ci
@pytest.mark.parametrize("seed", range(3))
def test_a_run_in_foul_weather_agrees_and_leaves_nothing(
    accounts: Accounts, cloud: EmulatedCloud, time: Time, seed: int
) -> None:
    weather = Weather(delay=120, throttled=0.05, expired=0.03, cut=0.03)
    with Unsteady(cloud.endpoint_url, weather, time, seed) as proxy:
        run = run_with(accounts[:1], cloud, proxy, tried=experiments(*FEW))
        before = inventory(accounts[0])
        run.run()
        assert proxy.failed == []
    assert [each.finding for each in run.report().experiments] == ["as the engine"] * 3, in_words(run.report())
    assert run.report().left == ()
    assert inventory(accounts[0]) == before
    assert proxy.keys_left == set()


@pytest.mark.ci
def test_all_experiments_find_on_the_emulator_what_the_engine_chose(
    accounts: Accounts, cloud: EmulatedCloud, time: Time
) -> None:
    with Unsteady(cloud.endpoint_url, Weather(), time) as proxy:
        run = run_with(accounts, cloud, proxy, tried=EXPERIMENTS)
        run.run()
    found = {each.experiment: each.finding for each in run.report().experiments}
    assert found == {each.name: FINDINGS.get(each.name, "as the engine") for each in EXPERIMENTS}, in_words(
        run.report()
    )
    assert run.report().left == ()
    assert run.lab is not None
    # Two keys and roles are for documents that the emulator refuses, two roles for a key that it does not have.
    assert run.lab.keys <= KEYS
    assert run.lab.roles <= ROLES


@pytest.mark.ci
@pytest.mark.parametrize("first", range(5, 125, 20))
def test_a_connection_cut_at_any_call_changes_nothing(
    accounts: Accounts, cloud: EmulatedCloud, time: Time, first: int
) -> None:
    with Unsteady(cloud.endpoint_url, Weather(cut_at=first), time, seed=first) as proxy:
        run = run_with(accounts[:1], cloud, proxy, tried=experiments(FEW[0]))
        before = inventory(accounts[0])
        run.run()
    assert [each.finding for each in run.report().experiments] == ["as the engine"], in_words(run.report())
    assert inventory(accounts[0]) == before
    assert proxy.keys_left == set()


@pytest.mark.ci
@pytest.mark.parametrize("first", range(5, 125, 20))
def test_what_a_lost_connection_leaves_is_removed_later(
    accounts: Accounts, cloud: EmulatedCloud, time: Time, first: int
) -> None:
    with Unsteady(cloud.endpoint_url, Weather(), time, seed=first) as proxy:
        run = run_with(accounts[:1], cloud, proxy, tried=experiments(FEW[0]))
        before = inventory(accounts[0])
        proxy.weather = Weather(cut_from=first)
        run.run()
        assert run.report().left
        assert not run.report().agrees
        proxy.weather = Weather()
        cleaner = Cleaner(run.callers[0], run.tag, {REGION, FURTHER_REGION})
        while left := cleaner.find():
            assert cleaner.remove(left) == []
    assert inventory(accounts[0]) == before
    assert proxy.keys_left == set()


@pytest.mark.ci
def test_an_example_in_foul_weather_agrees_and_leaves_nothing(
    accounts: Accounts, cloud: EmulatedCloud, time: Time
) -> None:
    weather = Weather(throttled=0.02)
    with Unsteady(cloud.endpoint_url, weather, time, seed=1) as proxy:
        run = run_with(accounts, cloud, proxy, examples=["cross-account-key"])
        before = [inventory(account) for account in accounts]
        run.run()
    (result,) = run.report().examples
    # 9 keys, two of them RSA without five calls and with one more: 5 principals, 2 modes.
    assert (result.failed, result.differences) == ("", ()), in_words(run.report())
    assert result.calls == result.agreed == 5 * 2 * (8 * 16 + 12)
    assert [inventory(account) for account in accounts] == before
    assert proxy.keys_left == set()
