"""Patience, the report, the command line, and that each unknown of the engine has its experiment."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import Account
from harness.paths import EXAMPLES, PROJECT
from plerion_kms.authorization import unknowns
from test_verify.conftest import PERMISSIONS, person
from test_verify.unsteady import Time
from verify import __main__ as command_line
from verify import plan
from verify.experiments import BY_THE_TEXTS, EXPERIMENTS, OUT_OF_REACH
from verify.patience import Patience, Question, settle
from verify.report import ExampleResult, ExperimentResult, Report, markdown, without_identities

README = PROJECT / "tests" / "plerion_kms" / "authorization" / "README.md"


@pytest.mark.parametrize(
    ("answers", "last", "asked"),
    [
        ("yyy", "y", 3),
        ("nyyy", "y", 4),
        ("yynyyy", "y", 6),  # stale once more: counted from the start
        ("nnnnnnnnnnnnnn", "n", 7),  # at 0, 10, ... 60 seconds
        ("yynnnnnnnnnnnnn", "n", 9),  # no pause before the third
    ],
)
def test_an_expected_answer_has_to_come_three_times_in_a_row(answers: str, last: str, asked: int) -> None:
    time, given = Time(), iter(answers)
    calls: list[str] = []

    def ask() -> str:
        calls.append(next(given))
        return calls[-1]

    patience = Patience(seconds=60, now=time.now, sleep=time.sleep)
    settled = settle({"one": Question(ask, lambda answer: answer == "y")}, patience)
    assert settled == {"one": last}
    assert len(calls) == asked


def test_ids_and_names_are_replaced_and_the_guides_account_stays() -> None:
    person_arn = "arn:aws:sts::123456789012:assumed-role/Admin/jo@example.com"
    text = f"{person_arn} arn:aws:iam::210987654321:root 588158338731 999988887777 AROAABCDEFGHIJKLMNOPQ:x"
    assert without_identities(
        text, {"123456789012": "111122223333", "210987654321": "444455556666"}, {person_arn: "(the caller)"}
    ) == ("(the caller) arn:aws:iam::444455556666:root 588158338731 777788889999 AROA...:x")


def test_the_markdown_names_what_differs() -> None:
    report = Report(
        version="1",
        run="r",
        region="us-east-1",
        accounts=1,
        program="Terraform 1.11.4",
        provider="5.100.0",
        examples=(ExampleResult(example="all-keys", calls=2, agreed=1, failed="a | b"),),
        experiments=(
            ExperimentResult(experiment="x", unknown="X", question="Does it?", finding="otherwise", meaning="Set X."),
        ),
        left=("key k could not be removed",),
    )
    text = markdown(report)
    assert "# verify-aws: AWS differs, or not all was tried" in text
    assert "| all-keys | 2 | 1 | a \\| b |" in text
    assert "| X | Does it? | otherwise | Set X. |" in text
    assert "- key k could not be removed" in text


def test_each_unknown_has_an_experiment_or_a_reason() -> None:
    covered = (*{each.unknown for each in EXPERIMENTS}, *OUT_OF_REACH, *BY_THE_TEXTS)
    constants = {
        target.id
        for node in ast.parse(Path(unknowns.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert constants - set(covered) == set()
    table = README.read_text(encoding="utf-8").partition("These need no constant")[2]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]
    assert rows
    assert [row for row in rows if not row.startswith(covered)] == []


def test_each_example_can_be_tried_or_has_a_reason() -> None:
    assert sorted((*plan.EXAMPLES, *plan.OUT_OF_REACH)) == sorted(
        each.parent.name for each in EXAMPLES.glob("*/main.tf")
    )


def test_localstack_is_not_needed() -> None:
    program = "import sys, verify.__main__; print([n for n in sys.modules if n.split('.')[0] == 'localstack'])"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": "tests"},
        cwd=PROJECT,
    )
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "answer", "said"),
    [
        (["--account", "111122223333"], "yes", "Say which account is yours"),
        (["--profile", "none", "--account", "111122223333"], "yes", "There is no profile none"),
        (["--profile", "person", "--account", "111122223333"], "yes", "not of 111122223333"),
        (["--profile", "person", "--account", "OWN", "--other-profile", "x"], "yes", "go together"),
        (["--profile", "person", "--account", "OWN"], "no", "Nothing was changed."),
    ],
)
def test_nothing_is_created_without_the_right_account_and_a_yes(
    accounts: tuple[Account, Account],
    cloud: EmulatedCloud,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    answer: str,
    said: str,
) -> None:
    given = person(accounts[0], cloud).get_credentials()
    assert given is not None
    (tmp_path / "credentials").write_text(
        f"[person]\naws_access_key_id = {given.access_key}\naws_secret_access_key = {given.secret_key}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.endpoint_url)
    for name in ("PROFILE", "ACCOUNT", "OTHER_PROFILE", "OTHER_ACCOUNT", "REGION", "YES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("harness.command.stop_on_signals", lambda: None)
    arguments = [accounts[0].id if each == "OWN" else each for each in arguments]
    code = command_line.main(["run", *arguments, "--out", str(tmp_path / "report")], ask=lambda _: answer)
    assert code == 2
    assert said in capsys.readouterr().err
    assert accounts[0].root.client("iam").list_roles()["Roles"] == []
    assert not (tmp_path / "report").exists()


def test_the_permissions_fit_into_a_managed_policy() -> None:
    assert len("".join(PERMISSIONS.split())) <= 6144
