"""What others use by the repository's address: the release that the version makes, the pre-commit hook, the action."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.paths import PROJECT

UNLIMITED_GRANT = """
resource "aws_kms_key" "this" {
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "kms:Decrypt", Resource = "*" }]
  })
}
"""
"""A key policy that CKV_PLERION_1 finds."""


def read(path: str) -> Any:
    return yaml.safe_load((PROJECT / path).read_text(encoding="utf-8"))


def run(script: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A step of a workflow, as GitHub's runners start it."""
    shell = shutil.which("sh") or "sh"
    return subprocess.run(
        [shell, "-e", "-c", script],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the release reads of the project."""
    folder = tmp_path / "checkout"
    (folder / "tests" / "setup").mkdir(parents=True)
    shutil.copy(PROJECT / "tests" / "setup" / "release-notes.sh", folder / "tests" / "setup")
    (folder / "VERSION").write_text("1.2.0\n", encoding="utf-8")
    (folder / "CHANGELOG.md").write_text(
        "## [Unreleased]\n\n- later\n\n## [1.2.0] - 2026-01-02\n\n- this\n\n## [1.1.0] - 2026-01-01\n\n- old\n",
        encoding="utf-8",
    )
    return folder


@pytest.mark.parametrize(
    ("released", "calls"), [("1", ["release view v1.2.0"]), ("", ["release view v1.2.0", "create"])]
)
def test_a_version_is_released_once(checkout: Path, released: str, calls: list[str]) -> None:
    programs = checkout / "bin"
    programs.mkdir()
    gh = programs / "gh"
    gh.write_text('#!/bin/sh\necho "$@" >> calls\n[ "$2" != view ] || [ -n "$RELEASED" ]\n', encoding="utf-8")
    gh.chmod(0o755)
    (step,) = [s for s in read(".github/workflows/release.yml")["jobs"]["release"]["steps"] if "run" in s]
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    run(step["run"], checkout, {"PATH": path, "RELEASED": released, "GITHUB_SHA": "0123abc"}).check_returncode()
    create = "release create v1.2.0 --target 0123abc --title v1.2.0 --notes-file notes.md"
    assert (checkout / "calls").read_text(encoding="utf-8").splitlines() == [
        create if c == "create" else c for c in calls
    ]
    if "create" in calls:
        assert (checkout / "notes.md").read_text(encoding="utf-8").strip() == "- this"


def test_a_version_without_notes_is_not_released(checkout: Path) -> None:
    (checkout / "VERSION").write_text("1.3.0\n", encoding="utf-8")
    result = run("tests/setup/release-notes.sh", checkout, {})
    assert result.returncode == 1
    assert result.stderr.startswith("CHANGELOG.md has no section '## [1.3.0] - DATE' for the version in VERSION: ")


def test_the_present_version_has_notes() -> None:
    assert run("tests/setup/release-notes.sh", PROJECT, {}).stdout.strip()


@pytest.mark.ci
def test_the_action_and_the_hook_scan_the_repository_that_they_are_called_in(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(UNLIMITED_GRANT, encoding="utf-8")
    (step,) = read(".github/actions/scan/action.yml")["runs"]["steps"]
    output = tmp_path / "output"
    action = run(
        step["run"],
        tmp_path,
        {"GITHUB_ACTION_PATH": str(PROJECT / ".github" / "actions" / "scan"), "GITHUB_OUTPUT": str(output)},
    )
    assert action.returncode != 0
    assert "main.tf:2-7: CKV_PLERION_1 HIGH aws_kms_key.this: " in action.stdout
    reports = Path(output.read_text(encoding="utf-8").strip().removeprefix("sarif="))
    assert "CKV_PLERION_1" in (reports / "folder.sarif").read_text(encoding="utf-8")
    (hook,) = read(".pre-commit-hooks.yaml")
    assert hook["language"] == "script"
    assert f"/{hook['entry']}" in step["run"]
    assert os.access(PROJECT / hook["entry"], os.X_OK)
