"""Exit codes, what goes where, and the sentences for wrong use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from plerion_kms.audit import cli, saved
from plerion_kms.audit.mode_statements import hardened
from plerion_kms.guide import mode_statement, same_account_additions
from test_audit.account import ACCOUNT, APPLIANCE, KEY, World, allow, document

ISOLATED = document(allow(principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}))
ADDITIONS = document(allow(principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}), *same_account_additions())
DENIED = {"PlerionAccess": "Denied"}
MODE = mode_statement("ALL_KEYS")
ROLE = {"arn": APPLIANCE, "tags": {"PlerionApplianceRole": "True"}, "inline": {"mode": document(MODE)}}
MODE_ARN = f"arn:aws:iam::{ACCOUNT}:policy/mode"
MANAGED = {**ROLE, "inline": {}, "attached": (MODE_ARN,)}
WORLDS = {
    "open": World(),
    "isolated": World(ISOLATED),
    "unread": World(key_members={"policy": None}),
    "no value": World(tags={"PlerionAccess": "yes"}),
    "denied": World(tags=DENIED),
    "no JSON": World("{"),
    "with role": World(roles=[ROLE]),
    "additions, denied": World(ADDITIONS, DENIED),
    "additions, denied, with role": World(ADDITIONS, DENIED, [ROLE]),
    "additions, denied, with managed policy": World(ADDITIONS, DENIED, [MANAGED], managed={MODE_ARN: document(MODE)}),
    "additions, denied, with role in another order": World(
        ADDITIONS, DENIED, [{**ROLE, "inline": {"mode": document(*reversed(hardened("ALL_KEYS", MODE, "aws")[:2]))}}]
    ),
    "additions, denied, hardened": World(
        ADDITIONS, DENIED, [{**ROLE, "inline": {"mode": document(*hardened("ALL_KEYS", MODE, "aws"))}}]
    ),
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


@pytest.mark.parametrize("arguments", [[], ["--exit-zero"], ["--fail-on", "high"]])
def test_when_no_key_could_be_read_the_report_says_why(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", "--from", str(folder / "unread"), *arguments]) == 2
    assert "1 could not look" in capsys.readouterr().out


def test_one_unreadable_key_among_others_is_no_success(folder: Path) -> None:
    world = World().snapshot()
    (account,) = world.accounts
    (region,) = account.regions
    unread = replace(region.keys[0], arn=f"{KEY}1", policy=None)
    both = replace(account, regions=(replace(region, keys=(*region.keys, unread)),))
    saved.save(replace(world, accounts=(both,)), folder / "one of two")
    assert cli.main(["audit", "--from", str(folder / "one of two"), "--fail-on", "high"]) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--live", "--hardened"], "leave --live or the what-if out"),
        (["--live", "--tag", "1=Denied"], "leave --live or the what-if out"),
        (["--expect", "/nowhere/access.yaml"], "/nowhere/access.yaml cannot be read"),
        (["--tag", "alias/app"], "is not of the form KEY=VALUE"),
    ],
)
def test_wrong_use_is_said_before_reading(
    arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_snapshot", lambda *_: pytest.fail("read"))
    assert cli.main(["audit", *arguments]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--out", "--save"])
def test_a_folder_that_holds_something_is_refused_before_reading(
    option: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_snapshot", lambda *_: pytest.fail("read"))
    for path in (folder, folder / "open" / "snapshot.json"):
        assert cli.main(["audit", option, str(path)]) == 2
        assert f"is not an empty folder: name a new one for {option}." in capsys.readouterr().err


WHAT_IFS = [
    # world, arguments, line of the change; None where no verdict changes
    ("open", ["--tag", f"{KEY}=Denied"], "open -> closed by tag"),
    ("open", ["--tag", "1=Denied"], "open -> closed by tag"),
    ("denied", ["--tag", f"{KEY}="], "closed by tag -> open"),
    ("isolated", ["--tag", f"{KEY}=Denied"], None),
    ("isolated", ["--add-statements"], "not delegating -> partly"),
    ("no JSON", ["--add-statements"], None),
    # Without a role there is nothing that would change: the mode is that of the role that is to be.
    ("open", ["--mode", "SELECTED_KEYS"], None),
    ("with role", ["--mode", "SELECTED_KEYS"], "open -> open once tagged"),
    ("with role", ["--mode", "SELECTED_KEYS", "--tag", f"{KEY}=Granted"], None),
    ("isolated", ["--mode", "ALL_KEYS", "--add-statements"], "not delegating -> partly"),
    ("additions, denied", ["--hardened"], "partly -> closed by tag"),
    ("additions, denied, with role", ["--hardened"], "partly -> closed by tag"),
    ("additions, denied, with managed policy", ["--hardened"], "partly -> closed by tag"),
    ("additions, denied, with role in another order", ["--hardened"], "partly -> closed by tag"),
    ("additions, denied, with role in another order", ["--hardened", "--tag", f"{KEY}="], None),
    ("additions, denied, hardened", ["--mode", "ALL_KEYS"], None),
]


@pytest.mark.parametrize(("world", "arguments", "change"), WHAT_IFS)
def test_what_if(
    folder: Path, world: str, arguments: list[str], change: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["audit", "--from", str(folder / world), *arguments])
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    if change is None:
        assert lines[0] == "No key's verdict would change."
    else:
        assert lines[:3] == ["1 key's verdict would change.", KEY, change]


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
    assert capsys.readouterr().err == "Interrupted before the audit was done.\n"


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
