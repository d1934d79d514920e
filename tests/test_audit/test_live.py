"""`--live` on the emulator: the roles' own calls, compared with what was read before something changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from emulator import Emulator
from plerion_kms.audit import live
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.collect import Target, read
from plerion_kms.audit.judge import Judge
from plerion_kms.audit.live import Live
from plerion_kms.audit.report import Finding
from plerion_kms.audit.snapshot import SavedKey, Snapshot
from plerion_kms.guide import mode_statement
from test_emulator.aws import REGION, Account, Caller, allow, policy, statement

TAGS = {"PlerionApplianceRole": ("PlerionApplianceRole", "True"), "PlerionAccessRole": ("RolePurpose", "PlerionAccess")}
OFFICE = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}


@dataclass
class World:
    """An account with both roles and an open key. caller: who may assume the roles."""

    account: Account
    caller: Caller
    key: str

    @property
    def session(self) -> boto3.Session:
        return boto3.Session(self.caller.key, self.caller.secret, region_name=REGION)

    def snapshot(self) -> Snapshot:
        root = boto3.Session(self.account.id, "any", region_name=REGION)
        return read(root, [Target("")], [REGION], threads=4, organization=False, progress=lambda *_: None)

    def put_policy(self, *statements: Mapping[str, Any]) -> None:
        self.account.root.kms.put_key_policy(
            KeyId=self.key,
            PolicyName="default",
            Policy=json.dumps(policy(*statements)),
            BypassPolicyLockoutSafetyCheck=True,
        )

    def root(self, action: str = "kms:*", **more: Any) -> dict[str, Any]:
        return statement("Allow", action, Principal={"AWS": self.account.root_arn}, Resource="*", **more)


@pytest.fixture
def world(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    account = Account.make(emulator.endpoint_url)
    policies = {
        "PlerionApplianceRole": policy(mode_statement("ALL_KEYS")),
        "PlerionAccessRole": allow("kms:Describe*", "kms:List*", "kms:Get*"),
    }
    for name, (key, value) in TAGS.items():
        account.role(name, policies[name], Tags=[{"Key": key, "Value": value}])
    return World(account, account.operator, account.key())


def compared(world: World, snapshot: Snapshot) -> tuple[list[Finding], list[str]]:
    """The differences, and what could not be called."""
    made: list[Live] = []

    def check(judge: Judge, saved: SavedKey) -> Iterator[Finding]:
        if not made:
            made.append(Live(world.session, judge, ""))
        return made[0].findings(judge, saved)

    report = assess(snapshot, Options(), [check])
    problems = [problem for each in made for problem in each.problems]
    return [finding for finding in report.findings if finding.rule == "PLERION_KMS_15"], problems


def test_the_answers_of_an_unchanged_key_are_those_decided(world: World) -> None:
    assert compared(world, world.snapshot()) == ([], [])


@pytest.mark.ci
def test_a_refused_key_is_no_difference_either(world: World) -> None:
    world.put_policy(world.root("kms:*", Condition={"ArnEquals": {"aws:PrincipalArn": world.account.root_arn}}))
    assert compared(world, world.snapshot()) == ([], [])


def test_a_difference_has_both_sides_and_what_identifies_them(world: World) -> None:
    snapshot = world.snapshot()
    world.put_policy(
        world.root(),
        statement("Deny", "kms:Encrypt", Principal="*", Resource="*"),
        statement("Deny", "kms:ListGrants", Principal="*", Resource="*"),
    )
    findings, _ = compared(world, snapshot)
    assert [finding.subject for finding in findings] == [world.key] * 2
    encrypt, grants = (finding.sentence for finding in findings)
    role = f"arn:aws:iam::{world.account.id}:role/PlerionApplianceRole"
    assert encrypt.startswith(f"kms:Encrypt of {role} on {world.key}: AWS says ")
    assert "explicit deny" in encrypt
    assert " (request " in encrypt
    assert "; the audit says allowed by the resource-based policy that delegates to the account, since " in encrypt
    assert grants.startswith("kms:ListGrants of arn:aws:iam::")
    assert "issues/new/choose" in findings[0].fix.summary


@pytest.mark.ci
def test_a_difference_the_other_way(world: World) -> None:
    world.put_policy(world.root(), statement("Deny", "kms:Encrypt", Principal="*", Resource="*"))
    snapshot = world.snapshot()
    world.put_policy(world.root())
    findings, _ = compared(world, snapshot)
    assert ["AWS says allowed" in finding.sentence for finding in findings] == [True]
    assert "; the audit says refused by the resource-based policy, since" in findings[0].sentence


@pytest.mark.ci
def test_what_is_undecided_differs_from_nothing(world: World) -> None:
    world.put_policy(world.root(), statement("Deny", "kms:Encrypt", Principal="*", Resource="*", Condition=OFFICE))
    snapshot = world.snapshot()
    assert compared(world, snapshot) == ([], [])
    world.put_policy(world.root(), statement("Deny", "kms:Encrypt", Principal="*", Resource="*"))
    assert compared(world, snapshot) == ([], [])


def test_nothing_is_carried_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, Mapping[str, Any]]] = []
    ask = live._answer

    def seen(kms: Any, method: str, members: Mapping[str, Any]) -> Any:
        made.append((method, members))
        return ask(kms, method, members)

    monkeypatch.setattr(live, "_answer", seen)
    compared(world, world.snapshot())
    reads = {
        method for method, members in made if method.startswith(("describe_", "get_", "list_")) or members.get("DryRun")
    }
    assert {method for method, _ in made} == reads != set()


@pytest.mark.ci
def test_roles_that_cannot_be_called_as_are_said(world: World) -> None:
    iam = world.account.root.iam
    snapshot = world.snapshot()
    # Deleted while the audit runs.
    iam.delete_role_policy(RoleName="PlerionAccessRole", PolicyName="policy0")
    iam.delete_role(RoleName="PlerionAccessRole")
    trust = policy(statement("Allow", "sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}))
    iam.update_assume_role_policy(RoleName="PlerionApplianceRole", PolicyDocument=json.dumps(trust))
    findings, problems = compared(world, snapshot)
    assert findings == []
    appliance, access = problems
    assert "role/PlerionApplianceRole can't be assumed with these credentials (AccessDenied)" in appliance
    assert "role/PlerionAccessRole can't be assumed with these credentials" in access
    _, problems = compared(world, world.snapshot())
    assert "role/PlerionAccessRole does not exist, so nothing was called as that role." in problems[1]


def test_sessions_that_end_half_way_are_said_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.account.key()
    monkeypatch.setattr(live, "_answer", lambda *_: live._Answer("ExpiredTokenException", "expired"))
    findings, problems = compared(world, world.snapshot())
    assert findings == []
    assert ["The credentials of" in problem for problem in problems] == [True, True]
