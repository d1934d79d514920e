"""The Terraform runner: its own copy of the example, errors in Terraform's words, nothing left behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.terraform.runner import Applied, PlannedChange, Terraform, TerraformError

CONFIGURATION = """
variable "word" {
  type = string
  validation {
    condition     = var.word != "wrong"
    error_message = "Take another word."
  }
}

resource "terraform_data" "this" {
  input = var.word
}

output "word" {
  value = terraform_data.this.output
}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "main.tf").write_text(CONFIGURATION)
    (folder / "terraform.tfstate").write_text("someone else's state")
    return folder


def test_an_apply_changes_what_the_plan_says_and_leaves_the_tree_alone(source: Path) -> None:
    with Terraform(source, {"SEEN": "only by Terraform"}, {"word": "first"}) as terraform:
        terraform.init()
        assert terraform.plan() == [PlannedChange("terraform_data.this", "create")]
        assert terraform.apply() == Applied([PlannedChange("terraform_data.this", "create")], {"word": "first"})
        assert terraform.plan() == []
        assert terraform.plan(word="second") == [PlannedChange("terraform_data.this", "update")]
        assert terraform.apply() == Applied([PlannedChange("terraform_data.this", "update")], {"word": "second"})
        folder = terraform.folder
        terraform.destroy()
        assert terraform.state_addresses() == []
    assert not folder.exists()
    assert sorted(path.name for path in source.iterdir()) == ["main.tf", "terraform.tfstate"]
    assert "SEEN" not in os.environ


def test_an_error_is_in_terraforms_words_and_changes_nothing(source: Path) -> None:
    with Terraform(source, {}, {"word": "first"}) as terraform:
        terraform.init()
        terraform.apply()
        with pytest.raises(
            TerraformError, match=r"terraform apply failed for source: Invalid value for variable: Take another word\."
        ):
            terraform.apply(word="wrong")
        assert terraform.outputs() == {"word": "first"}


def test_an_interrupt_leaves_nothing_behind(
    source: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with Terraform(source, {}, {"word": "first"}) as terraform:
        terraform.init()
        monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            terraform.plan()
    assert list(temporary.iterdir()) == []


def interrupted(process: subprocess.Popen[bytes], *_: object) -> None:
    """Ctrl-C while a process runs."""
    with process:
        process.kill()
    raise KeyboardInterrupt


def test_a_warning_is_kept(source: Path) -> None:
    (source / "check.tf").write_text(
        'check "word" {\n  assert {\n    condition     = var.word == "first"\n    error_message = "Odd."\n  }\n}\n'
    )
    with Terraform(source, {}, {"word": "first"}) as terraform:
        terraform.init()
        terraform.plan()
        assert terraform.warnings == []
        terraform.plan(word="second")
        assert terraform.warnings == ["Check block assertion failed (check.tf line 3): Odd."]


def test_an_unknown_example_is_named() -> None:
    with pytest.raises(HarnessError, match=r"There is no example 'all-kays' in .*: the examples are all-keys, "):
        Terraform.of_example("all-kays", {})
