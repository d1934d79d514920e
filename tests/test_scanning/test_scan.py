"""The scan itself: what it says of bad input, and that nothing passes because it could not be read."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform.combined import Tree, combined, split
from harness.tools import checkov, scan
from harness.tools.checkov import Finding, Report
from harness.tools.locations import Location, locate, skips
from harness.tools.scan import main, show

ROLE = """
resource "aws_iam_role" "this" {
  #checkov:skip=CKV_AWS_61:the external id limits it
  name = "x"
}
"""


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.startswith(f"There is no folder {tmp_path / 'nowhere'}: ")


def test_a_folder_without_terraform_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").touch()
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"There is neither HCL nor a plan as JSON in {tmp_path}: ")


def test_checkov_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(checkov.CHECKOV_VARIABLE, str(tmp_path / "checkov"))
    with pytest.raises(HarnessError, match="run 'make setup'"):
        checkov.program()


def test_checkov_of_a_folder_with_a_space_in_its_name_is_started_by_its_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(checkov.CHECKOV_VARIABLE, raising=False)
    monkeypatch.setattr(checkov, "PROJECT", tmp_path / "my clone")
    programs = tmp_path / "my clone" / ".venv-checkov" / "bin"
    programs.mkdir(parents=True)
    (programs / "checkov").touch()
    assert checkov.program() == [programs / "python", programs / "checkov"]


@pytest.mark.ci
def test_a_policy_that_cannot_be_loaded_fails_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "__init__.py").touch()
    (tmp_path / "checks" / "broken.py").write_text("raise RuntimeError('broken')\n", encoding="utf-8")
    (tmp_path / "main.tf").write_text(ROLE, encoding="utf-8")
    monkeypatch.setattr(checkov, "POLICIES", tmp_path / "checks")
    run = checkov.Run(["--directory", tmp_path, "--framework", "terraform"], tmp_path / "out", tmp_path)
    with pytest.raises(HarnessError, match="Cannot load external check 'broken'"):
        run.answer()


def test_a_file_that_cannot_be_read_fails_the_scan(capsys: pytest.CaptureFixture[str]) -> None:
    assert show({"hcl": Report([], [], 3, ["examples/x/main.tf"])}) == 2
    assert capsys.readouterr().out.startswith(
        "examples/x/main.tf:1: This file was not scanned: checkov cannot parse it"
    )


def test_skipped_findings_are_shown_with_their_reason_and_pass(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = Finding("CKV_AWS_61", "n", "", "", "r", Location("main.tf", 2, 5), reason="the external id limits it")
    assert show({"plan": Report([], [skipped], 3, [])}) == 0
    assert "main.tf:2-5: CKV_AWS_61 skipped: the external id limits it" in capsys.readouterr().out


def test_a_required_variable_without_value_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "examples" / "new"
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text('variable "colour" {\n  type = string\n}\n', encoding="utf-8")
    tree = Tree(tmp_path, ("examples/new",), ("examples",), {})
    with pytest.raises(HarnessError, match="requires the variable 'colour'"), combined(tree, {}):
        pass


def test_a_plan_is_split_as_if_each_call_were_the_root() -> None:
    resource = {"address": "module.a.module.b.aws_kms_key.this", "values": {}}
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {
            "root_module": {
                "child_modules": [
                    {
                        "address": "module.a",
                        "child_modules": [{"address": "module.a.module.b", "resources": [resource]}],
                    },
                    {"address": "module.ab", "resources": []},
                ]
            }
        },
        "resource_changes": [{"address": resource["address"]}, {"address": "module.ab.aws_kms_key.this"}],
        "configuration": {
            "root_module": {"module_calls": {"a": {"module": {"module_calls": {}}}, "ab": {"module": {}}}}
        },
    }
    part = split(document, "a")
    (child,) = part["planned_values"]["root_module"]["child_modules"]
    assert child["address"] == "module.b"
    assert child["resources"][0]["address"] == "module.b.aws_kms_key.this"
    assert part["resource_changes"] == [{"address": "module.b.aws_kms_key.this"}]


def test_a_plan_address_is_found_in_the_hcl_with_its_skips(tmp_path: Path) -> None:
    for folder in ("root", "roles"):
        (tmp_path / folder).mkdir()
    (tmp_path / "roles" / "main.tf").write_text(ROLE, encoding="utf-8")
    called = {"source": "../roles", "module": {}}
    registry = {"source": "terraform-aws-modules/kms/aws", "module": {}}
    document = {"configuration": {"root_module": {"module_calls": {"roles": called, "kms": registry}}}}
    location = locate('module.roles["a"].aws_iam_role.this[0]', document, tmp_path / "root", tmp_path)
    assert location == Location("roles/main.tf", 2, 5)
    assert skips(location, tmp_path) == {"CKV_AWS_61": "the external id limits it"}
    assert locate("module.kms.aws_kms_key.this", document, tmp_path / "root", tmp_path) is None


def test_every_example_is_scanned() -> None:
    roots = scan.tree_of(PROJECT).roots
    assert set(roots) == {f"examples/{path.name}" for path in (PROJECT / "examples").iterdir() if path.is_dir()}


OPEN = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}'
OPEN_KEY = f'resource "aws_kms_key" "open" {{\n  policy = {json.dumps(OPEN)}\n}}\n'
DEFAULT_TAGS = 'provider "aws" {\n  default_tags {\n    tags = { PlerionAccess = "Allow" }\n  }\n}\n'


@pytest.mark.ci
def test_every_form_of_a_configuration_is_read(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "customer", tmp_path / "elsewhere"
    for place in (folder / "json", folder / "tofu", folder / "native", elsewhere):
        place.mkdir(parents=True)
    key = {"resource": {"aws_kms_key": {"open": {"policy": OPEN}}}}
    (folder / "json" / "main.tf.json").write_text(json.dumps(key), encoding="utf-8")
    (folder / "tofu" / "main.tofu").write_text(OPEN_KEY, encoding="utf-8")
    (folder / "native" / "main.tf").write_text(DEFAULT_TAGS, encoding="utf-8")
    (elsewhere / "main.tf").write_text(OPEN_KEY, encoding="utf-8")
    (folder / "linked").symlink_to(elsewhere)
    found = scan.scan_folder(folder, tmp_path / "reports")["hcl"].failed
    assert {(finding.location.file, finding.check) for finding in found} == {
        ("json/main.tf.json", "CKV_PLERION_1"),
        ("tofu/main.tofu", "CKV_PLERION_1"),
        ("linked/main.tf", "CKV_PLERION_1"),
        ("native/main.tf", "CKV_PLERION_7"),
    }


@pytest.mark.ci
@pytest.mark.parametrize(
    ("files", "code", "says"),
    [
        ({"main.tf": ""}, 2, "could be looked at"),
        ({"main.tf": 'variable "x" {}\n'}, 2, "could be looked at"),
        ({"main.tf": OPEN_KEY}, 1, "CKV_PLERION_1"),
        ({"main.tf": OPEN_KEY, "broken.tf": "resource {"}, 2, "broken.tf:1: This file was not scanned"),
        ({"main.tf": OPEN_KEY, "broken.tf.json": "{"}, 2, "broken.tf.json:1: This file was not scanned"),
        (
            {"main.tf": OPEN_KEY, "plan.json": '{"planned_values": {'},
            2,
            "plan.json:1: This file was not scanned",
        ),
        (
            {"main.tf": 'resource "aws_kms_key" "x" {\n  policy = var.x\n}\nvariable "x" {}\n'},
            1,
            "CKV_PLERION_11",
        ),
        (
            {"main.tf": 'resource "aws_kms_key" "x" {\n  tags = { PlerionAccess = "Granted" }\n}\n'},
            0,
            "1 ",
        ),
    ],
)
def test_the_exit_code_says_what_was_looked_at(
    tmp_path: Path, files: dict[str, str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "customer"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert main([str(folder)]) == code
    output = capsys.readouterr()
    assert says in output.out + output.err


@pytest.mark.ci
def test_a_file_that_takes_too_long_is_named_and_the_rest_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HCL_PARSE_TIMEOUT_SEC", "1")
    rows = "".join(
        f'  row_{number} = {{ name = "{number}", list = [{number}, "a", true] }}\n' for number in range(6000)
    )
    (tmp_path / "slow.tf").write_text(f"locals {{\n{rows}}}\n", encoding="utf-8")
    (tmp_path / "main.tf").write_text(OPEN_KEY, encoding="utf-8")
    assert main([str(tmp_path)]) == 2
    output = capsys.readouterr()
    assert "slow.tf:1: This file was not scanned" in output.out + output.err
    assert "CKV_PLERION_1" in output.out


def test_what_the_plan_has_read_is_not_said_to_be_unread() -> None:
    def unread(file: str) -> Finding:
        return Finding("CKV_PLERION_11", "n", "", "", "aws_kms_key.x", Location(file, 1, 2))

    hcl = Report([unread("a/main.tf"), unread("b/main.tf")], [], 1)
    reports = scan.read_somewhere(hcl, Report([], [], 1, read=[unread("a/plan.json")]))
    assert [finding.location.file for finding in reports["hcl"].failed] == ["b/main.tf"]


@pytest.mark.parametrize("name", ['x";touch y;"', "`touch y`", "$(touch y)", "$(shell touch y)", "a'b", "a\nb"])
def test_make_hands_the_folder_on_as_it_is(tmp_path: Path, name: str) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (tmp_path / "Makefile").write_text(
        makefile.replace("scan: setup", "scan:").replace("$(VENV_PYTHON) -m harness scan", "printenv FOLDER"),
        encoding="utf-8",
    )
    answer = subprocess.run(
        [shutil.which("make") or "make", "--no-print-directory", "scan", f"FOLDER={name}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout == f"{name}\n"
    assert not (tmp_path / "y").exists()
