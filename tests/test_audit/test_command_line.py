"""Exit codes, what goes where, and the sentences for wrong use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plerion_kms.audit import cli, saved
from test_audit.account import ACCOUNT, KEY, World, allow, document

ISOLATED = document(allow(principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}))
WORLDS = {
    "open": World(),
    "isolated": World(ISOLATED),
    "unread": World(key_members={"policy": None}),
    "no value": World(tags={"PlerionAccess": "yes"}),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Saved accounts by name."""
    for name, world in WORLDS.items():
        saved.save(world.snapshot(), tmp_path / name)
    return tmp_path


EXIT_CODES = [
    ("open", [], 0),
    ("isolated", [], 1),
    ("isolated", ["--fail-on", "high"], 1),
    ("isolated", ["--exit-zero"], 0),
    ("no value", [], 1),
    ("no value", ["--fail-on", "medium"], 0),
    ("unread", ["--fail-on", "high"], 1),
    ("open", ["--tag", "alias/none=Denied"], 2),
    ("open", ["--tag", "Denied"], 2),
    ("open", ["--live"], 2),
    ("open", ["--integration-account", "444455556666"], 2),
    ("nothing there", [], 2),
]


@pytest.mark.parametrize(("world", "arguments", "code"), EXIT_CODES)
def test_exit_code(
    folder: Path, world: str, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", "--from", str(folder / world), *arguments]) == code
    output = capsys.readouterr()
    if code == 2:
        assert output.out == ""
        assert len(output.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--accounts", "x", "--organization"], ["--threads", "0"], ["--fail-on", "x"]])
def test_wrong_use(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["audit", *arguments])
    assert end.value.code == 2


def test_json_is_alone_on_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "--from", str(folder / "isolated"), "--json"]) == 1
    (key,) = json.loads(capsys.readouterr().out)["keys"]
    assert (key["arn"], key["verdict"]) == (KEY, "not delegating")


def test_the_terminal_keeps_to_80_columns_without_colour(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    cli.main(["audit", "--from", str(folder / "isolated")])
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_policy_is_printed_as_it_is_in_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "--policy"]) == 0
    assert json.loads(capsys.readouterr().out)["Version"] == "2012-10-17"


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_snapshot", interrupted)
    assert cli.main(["audit"]) == 130
    assert capsys.readouterr().err == "Interrupted: nothing was written.\n"


def test_no_credentials_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for arguments in ([], ["--profile", "none"], ["--regions", "eu-nowhere-1"]):
        assert cli.main(["audit", *arguments]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_a_pipe_that_closes_early(folder: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "plerion_kms.audit", "audit", "--from", str(folder / "isolated"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=environment, check=False, text=True)
    os.close(write)
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
