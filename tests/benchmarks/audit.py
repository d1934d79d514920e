"""`python -m benchmarks.audit`: what `plerion-kms audit` costs: calls, their rate, judging, memory, the page.

The rate is compared with that of a bare loop of the same calls, in interleaved rounds of one run.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.figures import Report, Result, ratio
from emulator import Emulator
from harness.paths import PROJECT
from plerion_kms.audit import saved
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.collect import Target, read
from plerion_kms.audit.snapshot import SavedAccount, SavedKey, SavedRegion, SavedRole, Snapshot
from plerion_kms.guide import mode_statement, same_account_additions

ACCOUNT = "111122223333"
REGIONS = ("us-east-1", "eu-west-1", "eu-central-1")
KEYS = 1_000
MANY_KEYS = 20_000
POLICIES = 200
THREADS = 16
ROUNDS = 3

CALLS_A_KEY = 5.0
SHARE_OF_BARE_LOOP = 0.8
SECONDS_TO_JUDGE = 1.0
MEGABYTES_OF_MEMORY = 200.0
MEGABYTES_OF_PAGE = 5.0

type Call = tuple[str, str, str, Mapping[str, Any]]
"""Service, Region, operation as AWS names it, parameters."""


def reading(report: Report) -> None:
    """Read the keys from the emulator, and make the same calls in a bare loop."""
    with Emulator() as emulator:
        os.environ |= {
            "AWS_ENDPOINT_URL": emulator.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": REGIONS[0],
            "NO_PROXY": "*",
        }
        for region in REGIONS:
            kms = boto3.Session().client("kms", region)
            with ThreadPoolExecutor(8) as pool:
                number = KEYS // len(REGIONS) + (region == REGIONS[0]) * (KEYS % len(REGIONS))
                list(
                    pool.map(lambda _, kms=kms: kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}]), range(number))
                )
        calls: list[Call] = []
        audit_rates, bare_rates = [], []
        for number in range(ROUNDS + 1):
            calls.clear()
            audited = _timed(lambda: _read(calls))
            bare = _timed(lambda: _bare_loop(calls))
            if number:  # the first round warms up
                audit_rates.append(len(calls) / audited)
                bare_rates.append(len(calls) / bare)
    report.add(Result(f"calls a key, {KEYS:,} keys in {len(REGIONS)} Regions", len(calls) / KEYS, most=CALLS_A_KEY))
    report.say(
        f"reading: {max(audit_rates):,.0f} calls a second; the same calls in a bare loop: {max(bare_rates):,.0f}"
    )
    report.add(Result("calls a second / bare loop", ratio(audit_rates, bare_rates), least=SHARE_OF_BARE_LOOP))


def _read(calls: list[Call]) -> None:
    session = boto3.Session()

    def made(params: Mapping[str, Any], model: Any, context: Mapping[str, Any], **_: Any) -> None:
        service = model.service_model.service_name
        calls.append((service, context["client_region"], model.name, dict(params)))

    session.events.register("before-parameter-build", made)
    snapshot = read(session, [Target(ACCOUNT)], REGIONS, threads=THREADS, organization=False, progress=lambda *_: None)
    assert sum(len(region.keys) for region in snapshot.accounts[0].regions) == KEYS


def _bare_loop(calls: list[Call]) -> None:
    session: Any = boto3.Session()
    config = Config(max_pool_connections=THREADS)
    clients = {place: session.client(*place, config=config) for place in {(call[0], call[1]) for call in calls}}
    names = {
        name: operation for client in clients.values() for operation, name in client.meta.method_to_api_mapping.items()
    }

    def make(call: Call) -> None:
        service, region, name, parameters = call
        getattr(clients[service, region], names[name])(**parameters)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(make, calls))


def judging(report: Report) -> None:
    """Judge a snapshot, findings included."""
    snapshot = made_up(KEYS)
    seconds = min(_timed(lambda: assess(snapshot, Options())) for _ in range(ROUNDS))
    decisions = sum(len(role.actions) for key in assess(snapshot, Options()).keys for role in key.roles)
    name = f"seconds to judge {KEYS:,} keys, {POLICIES} policies, {decisions:,} answers"
    report.add(Result(name, seconds, most=SECONDS_TO_JUDGE))


def writing(report: Report) -> None:
    """Judge a saved folder in a process of its own, and look at its memory and its page."""
    with tempfile.TemporaryDirectory(prefix="plerion-kms-bench-") as name:
        folder = Path(name)
        saved.save(made_up(MANY_KEYS), folder / "saved")
        options = ["--from", str(folder / "saved"), "--out", str(folder / "out"), "--exit-zero"]
        process = subprocess.Popen(
            [sys.executable, "-m", "plerion_kms.audit", "audit", *options],
            env={**os.environ, "PYTHONPATH": str(PROJECT / "tests")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            report.leave_out("memory and page", f"the audit ended with {process.returncode}")
            return
        megabytes = usage.ru_maxrss / 1024
        report.add(Result(f"MB of memory, {MANY_KEYS:,} keys from a folder", megabytes, most=MEGABYTES_OF_MEMORY))
        page = (folder / "out" / "report.html").stat().st_size / 1_000_000
        report.add(Result(f"MB of report.html, {POLICIES} policies", page, most=MEGABYTES_OF_PAGE))


def made_up(count: int) -> Snapshot:
    """A snapshot of `count` keys with 200 policies: delegating, not delegating, with the guide's additions, in part."""
    texts: dict[str, str] = {}

    def keep(*statements: Mapping[str, Any]) -> str:
        text = json.dumps({"Version": "2012-10-17", "Statement": statements})
        digest = hashlib.sha256(text.encode()).hexdigest()
        texts[digest] = text
        return digest

    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    root = {"Sid": "Root", "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    administrator = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/Administrator"}}
    isolated = {**root, "Condition": administrator}
    kinds = [[root], [isolated], [isolated, *same_account_additions()], [{**root, "Action": ["kms:De*"]}]]
    policies = [
        keep(
            *kinds[number % len(kinds)], {**isolated, "Sid": f"Team {number}", "Action": ["kms:Encrypt", "kms:Decrypt"]}
        )
        for number in range(POLICIES)
    ]
    metadata = {"Effect": "Allow", "Action": ["kms:Describe*", "kms:List*", "kms:Get*"], "Resource": "*"}
    role = f"arn:aws:iam::{ACCOUNT}:role/Plerion"
    trust = keep()
    roles = (
        SavedRole(
            f"{role}ApplianceRole",
            "A",
            trust,
            {"PlerionApplianceRole": "True"},
            {"a": keep(mode_statement("ALL_KEYS"))},
        ),
        SavedRole(f"{role}AccessRole", "B", trust, {"RolePurpose": "PlerionAccess"}, {"b": keep(metadata)}),
    )

    def key(number: int) -> SavedKey:
        return SavedKey(
            f"arn:aws:kms:{REGIONS[number % len(REGIONS)]}:{ACCOUNT}:key/{number:08x}-0000-4000-8000-{number:012x}",
            "CUSTOMER",
            "Enabled",
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            "AWS_KMS",
            aliases=(f"alias/team-{number % 300}/application-{number}",),
            policy=policies[number % POLICIES],
            tags={"Owner": f"team-{number % 300}", **({"PlerionAccess": "Denied"} if number % 11 == 0 else {})},
            grants=(),
        )

    keys = [key(number) for number in range(count)]
    regions = tuple(SavedRegion(region, tuple(keys[start :: len(REGIONS)])) for start, region in enumerate(REGIONS))
    account = SavedAccount(ACCOUNT, roles=roles, service_control=(), resource_control=(), regions=regions)
    return Snapshot("2026-01-01T00:00:00Z", f"{role}Audit", (account,), texts)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    """Measure and print. Returns the exit status: 1 if a requirement was missed."""
    report = Report()
    judging(report)
    writing(report)
    reading(report)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
