"""What make says on a machine that lacks something, and that it then leaves nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from harness.paths import PROJECT

SET_UP = PROJECT / "tests" / "setup"


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def tools(folder: Path, *names: str) -> str:
    """A PATH with nothing but these programs."""
    folder.mkdir()
    for name in names:
        found = subprocess.run(["/bin/sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True)
        (folder / name).symlink_to(found.stdout.strip())
    return str(folder)


def test_a_machine_without_python_is_told_in_one_line(tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", "sh")
    outcome = run("/bin/sh", SET_UP / "find-python.sh", PATH=path, HOME=str(tmp_path))
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("Python 3.12 or 3.13 is needed and none was found: install python3.13")
    assert outcome.stderr.count("\n") == 1


def test_an_older_python3_is_passed_over(tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", "sh")
    script(tmp_path / "bin" / "python3", "exit 1")
    outcome = run("/bin/sh", SET_UP / "find-python.sh", PATH=path, HOME=str(tmp_path))
    assert outcome.returncode == 1


def test_a_named_python_that_does_not_fit_is_named(tmp_path: Path) -> None:
    old = script(tmp_path / "python2", "exit 1")
    outcome = run("/bin/sh", SET_UP / "find-python.sh", PATH=os.environ["PATH"], PYTHON=str(old))
    assert outcome.returncode == 1
    assert (
        outcome.stderr == f"PYTHON={old} is not a Python 3.12 or 3.13 with venv: name one that is, or unset PYTHON.\n"
    )


def test_pyenvs_versions_are_found_behind_its_shims(tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", "sh")
    version = tmp_path / ".pyenv" / "versions" / "3.13.0" / "bin"
    version.mkdir(parents=True)
    script(version / "python", "exit 0")
    outcome = run("/bin/sh", SET_UP / "find-python.sh", PATH=path, HOME=str(tmp_path))
    assert outcome.stdout.strip() == str(version / "python")


def test_requirements_that_cannot_be_had_leave_no_half_environment(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("a-package-that-nobody-has==1.0\n")
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    outcome = run(SET_UP / "make-venv.sh", str(tmp_path / "venv"), str(requirements), **environment)
    assert outcome.returncode == 1
    assert "a package index must be reachable" in outcome.stderr
    assert not (tmp_path / "venv").exists()
