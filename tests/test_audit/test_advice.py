"""Findings that a person corrects by hand: each goes away once its advice is followed.

test_seeded.py has those that the written files correct.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.snapshot import SavedRole, Snapshot
from plerion_kms.guide import mode_statement

from .snapshots import ACCOUNT, Made

APPLIANCE, ACCESS = "PlerionApplianceRole", "PlerionAccessRole"
PLERION = "arn:aws:iam::588158338731:root"
TRUST = {"Effect": "Allow", "Principal": {"AWS": PLERION}, "Action": "sts:AssumeRole"}
WALL = {"Sid": "Wall", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/Administrator"
ROLES = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in (APPLIANCE, ACCESS)]

type Make = Callable[[Made], Snapshot]


def with_role(made: Made, name: str, **changes: Any) -> Snapshot:
    """The snapshot with a delegating key, and members of a role changed."""
    made.key([made.root()])
    snapshot = made.snapshot()
    [account] = snapshot.accounts

    def changed(role: SavedRole) -> SavedRole:
        return replace(role, **changes) if role.arn.endswith(name) else role

    return replace(snapshot, accounts=(replace(account, roles=tuple(map(changed, account.roles or ()))),))


def walled(made: Made, *excepted: str) -> Snapshot:
    """A key that denies everyone but the excepted roles."""
    made.key([made.root(), {**WALL, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": list(excepted)}}}])
    return made.snapshot()


def policy(made: Made, *statements: Mapping[str, Any]) -> str:
    return made.keep({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(made: Made, condition: Mapping[str, Any]) -> Snapshot:
    return with_role(made, ACCESS, trust=policy(made, {**TRUST, **condition}))


def with_modes(made: Made, *modes: str) -> Snapshot:
    inline = {mode: policy(made, {**mode_statement(mode), "Resource": "*"}) for mode in modes}
    return with_role(made, APPLIANCE, inline=inline)


def bounded(made: Made, action: str) -> Snapshot:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    snapshot = with_role(made, APPLIANCE, boundary=boundary)
    managed = {boundary: policy(made, {"Effect": "Allow", "Action": action, "Resource": "*"})}
    return replace(snapshot, accounts=(replace(snapshot.accounts[0], managed=managed),), policies=made.texts)


@pytest.mark.parametrize(
    ("rules", "advice", "before", "after"),
    [
        (
            {"PLERION_KMS_01", "PLERION_KMS_03"},
            "Except the Plerion roles from the statements of the key policy that deny them.",
            lambda made: walled(made, ADMINISTRATOR),
            lambda made: walled(made, ADMINISTRATOR, *ROLES),
        ),
        (
            {"PLERION_KMS_11"},
            "Make the trust policy ask for the external id of the integration.",
            lambda made: trusting(made, {}),
            lambda made: trusting(made, {"Condition": {"StringEquals": {"sts:ExternalId": "x"}}}),
        ),
        (
            {"PLERION_KMS_08"},
            "Remove the statement of the mode that you don't want.",
            lambda made: with_modes(made, "ALL_KEYS", "SELECTED_KEYS"),
            lambda made: with_modes(made, "ALL_KEYS"),
        ),
        (
            {"PLERION_KMS_14"},
            "Let that policy allow what the mode statement lists: permissions boundary.",
            lambda made: bounded(made, "s3:*"),
            lambda made: bounded(made, "kms:*"),
        ),
    ],
)
def test_advice_is_enough(rules: set[str], advice: str, before: Make, after: Make) -> None:
    found = assess(before(Made()), Options()).findings
    assert {finding.rule for finding in found} == rules
    assert {finding.fix.summary for finding in found} == {advice}
    assert assess(after(Made()), Options()).findings == ()


def test_a_deny_is_named() -> None:
    found = assess(walled(Made(), ADMINISTRATOR), Options()).findings
    assert all("'Wall' of the key policy" in finding.sentence for finding in found)
    assert json.dumps([finding.fix.statements for finding in found]) == "[[], []]"
