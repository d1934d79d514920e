"""The report on a terminal: order, 80 columns, colours, and texts of others."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from plerion_kms.audit import terminal
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.key_statements import additions
from plerion_kms.audit.report import AccountReport, Report, Unread, Verdict

from .snapshots import ACCOUNT, Made


def report() -> Report:
    made = Made()
    for number in range(12):
        region = ("us-east-1", "ap-southeast-1")[number % 2]
        made.key([made.administration()], region=region, aliases=(f"alias/app-{number}",) if number < 6 else ())
    made.key([made.root()], tags={"PlerionAccess": "Maybe\x1b[31m\x9b31m [bold]x[/bold]"})
    return assess(made.snapshot(), Options())


def shown(given: Report, *, colour: bool = False) -> str:
    file = io.StringIO()
    terminal.show(given, Console(file=file, width=80, force_terminal=colour, highlight=False), changed=None)
    return file.getvalue()


def test_counts_come_first_then_accounts_then_groups() -> None:
    lines = [line for line in shown(report()).splitlines() if line]
    assert lines[0] == "1 open   13 need work   0 could not look   of 13 keys"
    assert lines[1].startswith("Account ")
    assert lines[2].split() == [ACCOUNT, "1", "13", "0", "12", "not", "delegating"]
    assert lines[3] == "1. high  Add the Plerion statements (same-account form) to the key policy."
    assert lines[4].strip() == f"12 keys: 6 in {ACCOUNT} ap-southeast-1, 6 in {ACCOUNT} us-east-1"


def test_eighty_columns_but_for_what_is_to_be_copied() -> None:
    long = [line for line in shown(report()).splitlines() if len(line) > 80]
    assert all(line.strip().startswith(("arn:", "aws ", "appliance_role_arns", "access_role_arns")) for line in long)


def test_no_arn_is_broken() -> None:
    text = shown(report())
    arns = re.findall(r"arn:aws:kms:\S*", text)
    assert arns
    assert all(re.fullmatch(r"arn:aws:kms:[\w-]+:\d{12}:key/[\w-]{36}[.:,]?", arn) for arn in arns)
    assert "alias/app-3, alias/app-5" in text


def test_a_pipe_gets_no_colours_and_a_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in shown(report())
    assert "\x1b[1;31m" in shown(report(), colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;31m" not in shown(report(), colour=True)


def test_texts_of_others_command_nothing() -> None:
    text = shown(report())
    assert "\x9b" not in text
    assert "[bold]x[/bold]" in text


def test_keys_that_lack_what_nothing_needs_are_explained() -> None:
    made = Made()
    policy = [made.administration(), *additions(ACCOUNT, ACCOUNT)]
    made.key(policy)
    text = shown(assess(made.snapshot(), Options()))
    assert "0 open   0 need work" in text
    assert "1 key, partly open, lacks data key pairs alone, which nothing that Plerion scans" in text


def test_many_things_that_could_not_be_read_are_counted() -> None:
    unread = tuple(Unread(ACCOUNT, "us-east-1", f"key/{number}", f"key/{number} failed.") for number in range(1000))
    lines = shown(replace(report(), unread=unread)).splitlines()
    assert sum(line.startswith("Could not look: ") for line in lines) == 20
    assert "And 980 more, which report.json has." in lines


def test_many_verdicts_fit() -> None:
    counts = dict.fromkeys(Verdict, 1234)
    account = AccountReport("999988887777", "a name that is long, as organizations have them", "", "", counts)
    given = replace(report(), accounts=(account,), findings=())
    lines = shown(given).splitlines()
    assert max(map(len, lines)) <= 80
    assert "There is nothing to do." in lines
