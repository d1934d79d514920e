"""The printed commands, run by a shell; in the place of the AWS CLI is a program that writes down its arguments."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.iam_commands import keep_one_mode
from plerion_kms.audit.mode_statements import tag_is_binding
from plerion_kms.audit.snapshot import SavedAccount, SavedRole, Snapshot
from plerion_kms.guide import mode_statement
from test_audit.account import ACCESS, APPLIANCE, World, document

ALL, SELECTED = mode_statement("ALL_KEYS"), mode_statement("SELECTED_KEYS")
OTHER = {"Sid": "It's mine", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
PLERION = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::588158338731:root"}}
MANAGED = "arn:aws:iam::111122223333:policy/modes"


def run(command: str, tmp_path: Path, **variables: str) -> tuple[list[list[str]], str]:
    """The words that each call of `aws` got, and what went to the standard error."""
    calls = tmp_path / "calls"
    calls.write_text("")
    aws = tmp_path / "aws"
    aws.write_text(f'#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done >>{calls}\nprintf "\\n\\0" >>{calls}\n')
    aws.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", **variables}
    ended = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=False)
    asked = [call.split("\0")[:-1] for call in calls.read_text().split("\n\0")[:-1]]
    return asked, ended.stderr


def options(words: list[str]) -> dict[str, str]:
    """Option -> value of a call."""
    return dict(zip(words[2::2], words[3::2], strict=True))


def advice(world: World, rule: str) -> str:
    """The command of the one finding of that rule."""
    (finding,) = [finding for finding in assess(world.snapshot(), Options()).findings if finding.rule == rule]
    return finding.fix.command


KEPT: list[tuple[dict[str, list[Mapping[str, Any]]], str, list[tuple[str, str, list[Mapping[str, Any]] | None]]]] = [
    # inline policies by name, mode to keep, calls: operation, policy, statements that are left
    ({"a": [ALL], "b": [SELECTED]}, "ALL_KEYS", [("delete-role-policy", "b", None)]),
    ({"a": [ALL], "b": [SELECTED]}, "SELECTED_KEYS", [("delete-role-policy", "a", None)]),
    ({"a": [ALL, OTHER, SELECTED]}, "ALL_KEYS", [("put-role-policy", "a", [ALL, OTHER])]),
    (
        # Each mode's Deny goes with it.
        {"a": [ALL, tag_is_binding("ALL_KEYS", "aws")], "b": [SELECTED, tag_is_binding("SELECTED_KEYS", "aws")]},
        "SELECTED_KEYS",
        [("delete-role-policy", "a", None)],
    ),
]


@pytest.mark.parametrize(("inline", "mode", "expected"), KEPT)
def test_one_mode_is_kept(
    inline: dict[str, list[Mapping[str, Any]]],
    mode: str,
    expected: list[tuple[str, str, list[Mapping[str, Any]] | None]],
    tmp_path: Path,
) -> None:
    policies = {name: document(*statements) for name, statements in inline.items()}
    role = {"arn": APPLIANCE, "tags": {"PlerionApplianceRole": "True"}, "inline": policies}
    calls, _ = run(advice(World(roles=[role]), "PLERION_KMS_08"), tmp_path, PLERION_MODE=mode)
    assert [(words[1], options(words)["--policy-name"]) for words in calls] == [call[:2] for call in expected]
    for words, (_, _, left) in zip(calls, expected, strict=True):
        assert options(words)["--role-name"] == "PlerionApplianceRole"
        if left is not None:
            assert json.loads(options(words)["--policy-document"])["Statement"] == left


@pytest.mark.parametrize(
    ("statements", "operation"), [([SELECTED], "detach-role-policy"), ([SELECTED, OTHER], "create-policy-version")]
)
def test_a_managed_policy(statements: list[Mapping[str, Any]], operation: str, tmp_path: Path) -> None:
    role = SavedRole(APPLIANCE, "A", "0" * 64, inline={"a": "1" * 64}, attached=(MANAGED,))
    account = SavedAccount("111122223333", roles=(role,), managed={MANAGED: "2" * 64})
    texts = {"1" * 64: document(ALL), "2" * 64: document(*statements)}
    command = keep_one_mode(role, account, Snapshot("", "", (account,), texts))
    (words,), _ = run(command, tmp_path, PLERION_MODE="ALL_KEYS")
    assert words[:2] == ["iam", operation]
    assert MANAGED in words
    if operation == "create-policy-version":
        assert json.loads(words[-1])["Statement"] == [OTHER]
        assert "--set-as-default" in words


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringLike": {"sts:ExternalId": "*"}},
        {"StringEqualsIfExists": {"STS:externalid": "x"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    ],
)
def test_the_trust_policy_asks_for_the_given_id(condition: Mapping[str, Any], tmp_path: Path) -> None:
    ec2 = {**PLERION, "Sid": "It's EC2", "Principal": {"Service": "ec2.amazonaws.com"}}
    trust = document(ec2, {**PLERION, "Condition": condition} if condition else PLERION)
    role = {"arn": ACCESS, "tags": {"RolePurpose": "PlerionAccess"}, "trust": trust}
    (words,), _ = run(advice(World(roles=[role]), "PLERION_KMS_11"), tmp_path, PLERION_EXTERNAL_ID="a+b=c,.@:/-")
    assert words[:4] == ["iam", "update-assume-role-policy", "--role-name", "PlerionAccessRole"]
    kept, changed = json.loads(words[-1])["Statement"]
    assert kept == ec2
    others = {"IpAddress": condition["IpAddress"]} if "IpAddress" in condition else {}
    assert changed == {**PLERION, "Condition": {**others, "StringEquals": {"sts:ExternalId": "a+b=c,.@:/-"}}}


def test_what_only_a_person_knows_is_asked_for(tmp_path: Path) -> None:
    role = {"arn": APPLIANCE, "inline": {"a": document(ALL), "b": document(SELECTED)}, "trust": document(PLERION)}
    for rule, sentence in {"PLERION_KMS_08": "mode to keep", "PLERION_KMS_11": "external id"}.items():
        calls, error = run(advice(World(roles=[role]), rule), tmp_path)
        assert calls == []
        assert sentence in error
    assert run(advice(World(roles=[role]), "PLERION_KMS_08"), tmp_path, PLERION_MODE="NO_KEYS") == (
        [],
        "PLERION_MODE is no mode.\n",
    )


def test_a_role_without_a_mode_gets_the_command_for_its_statement(tmp_path: Path) -> None:
    role = {"arn": APPLIANCE, "tags": {"PlerionApplianceRole": "True"}}
    command = advice(World(roles=[role]), "PLERION_KMS_14")
    (words,), _ = run(command, tmp_path)
    assert json.loads(options(words)["--policy-document"])["Statement"] == [ALL]
