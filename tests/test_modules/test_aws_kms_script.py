"""key-access's shell script with a command `aws` of the test's own, which prints what it is given and fails as told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.paths import MODULES

SCRIPT = MODULES / "key-access" / "aws-kms.sh"
ARN = "arn:aws:kms:eu-west-1:111122223333:key/1"
POLICY = '{"Sid": "`touch x` $(touch x) \'; é"}'
KEY = {
    "KEY_ARN": ARN,
    "KEY_REGION": "eu-west-1",
    "CLI_PROFILE": "",
    "KEY_POLICY": POLICY,
    "RESTORE": "yes",
    "BYPASS": "no",
    "TAG_VALUE": "Denied",
}
ON_KEY = f"--region\neu-west-1\n--key-id\n{ARN}\n"
PUT = f"kms\nput-key-policy\n{ON_KEY}--policy-name\ndefault\n--policy\n{POLICY}\n"


def run(folder: Path, step: str, *, failure: str = "", cli: bool = True, **environment: str) -> tuple[int, str, str]:
    """Exit code, the arguments that the CLI got, one a line, and what was printed. failure: what the CLI fails with."""
    if cli:
        aws = folder / "aws"
        aws.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/arguments"\n'
            + (f'echo "An error occurred ({failure}) when calling" >&2\nexit 254\n' if failure else "")
        )
        aws.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT), step],
        env={**KEY, **environment, "PATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    arguments = folder / "arguments"
    return (
        done.returncode,
        arguments.read_text(encoding="utf-8") if arguments.exists() else "",
        done.stdout + done.stderr,
    )


@pytest.mark.parametrize(
    ("step", "arguments"),
    [
        ("try-restore", PUT),
        ("restore", PUT),
        ("tag", f"kms\ntag-resource\n{ON_KEY}--tags\nTagKey=PlerionAccess,TagValue=Denied\n"),
        ("untag", f"kms\nuntag-resource\n{ON_KEY}--tag-keys\nPlerionAccess\n"),
    ],
)
def test_each_step_makes_one_call(tmp_path: Path, step: str, arguments: str) -> None:
    assert run(tmp_path, step) == (0, arguments, "")
    assert not (tmp_path / "x").exists()


def test_profile_and_bypass_are_passed_on(tmp_path: Path) -> None:
    code, arguments, _ = run(tmp_path, "try-restore", CLI_PROFILE="key admin", BYPASS="yes")
    assert code == 0
    assert (
        arguments
        == PUT.replace("--region", "--profile\nkey admin\n--region") + "--bypass-policy-lockout-safety-check\n"
    )


@pytest.mark.parametrize("step", ["try-restore", "restore"])
def test_nothing_is_restored_against_the_customers_wish(tmp_path: Path, step: str) -> None:
    assert run(tmp_path, step, RESTORE="no", cli=False) == (0, "", "")


@pytest.mark.parametrize("step", ["try-restore", "restore", "untag"])
def test_a_key_that_was_deleted_needs_nothing(tmp_path: Path, step: str) -> None:
    code, _, printed = run(tmp_path, step, failure="NotFoundException")
    assert (code, printed) == (0, f"{ARN} no longer exists.\n")


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("try-restore", f"could not put the given policy on {ARN}. So nothing was opened"),
        ("restore", f"{ARN} IS OPEN to its whole account"),
        ("untag", f"The tag of {ARN} was not removed: apply again."),
        ("tag", f"{ARN} was not tagged: apply again."),
    ],
)
def test_a_failure_says_in_what_state_the_key_is(tmp_path: Path, step: str, says: str) -> None:
    code, _, printed = run(tmp_path, step, failure="ExpiredTokenException")
    assert code == 1
    assert says in printed
    assert "ExpiredTokenException" in printed


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("try-restore", "nothing was opened"),
        ("restore", "IS OPEN"),
        ("untag", "was not removed"),
        ("tag", "was not tagged"),
    ],
)
def test_a_missing_cli_is_said(tmp_path: Path, step: str, says: str) -> None:
    code, _, printed = run(tmp_path, step, cli=False)
    assert code == 1
    assert "The AWS CLI is not on PATH: install it." in printed
    assert says in printed
