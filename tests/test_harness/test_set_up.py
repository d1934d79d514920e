"""What make says on a machine that lacks something, and that it then leaves nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.paths import PROJECT

SET_UP = PROJECT / "tests" / "setup"
REQUIREMENTS = (PROJECT / "tests" / "requirements.txt", PROJECT / "tests" / "scanning" / "requirements.txt")
BASE = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
"""The Python that this environment was made with."""

UV = """
case "$*" in
--version) echo "uv 0.0.0" ;;
"python install 3.13") mkdir -p "$UV_PYTHON_INSTALL_DIR"; ln -s {python} "$UV_PYTHON_INSTALL_DIR/python" ;;
"python find"*) [ -e "${{UV_PYTHON_INSTALL_DIR:-/}}/python" ] && echo "$UV_PYTHON_INSTALL_DIR/python" ;;
*) exit 2 ;;
esac
"""
"""Takes uv's place: its `python install` links a Python of this machine."""


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def find(tmp_path: Path) -> Path:
    """find-python.sh in a project of its own, so that its tool folder is one of its own too."""
    folder = tmp_path / "a project" / "tests" / "setup"
    folder.mkdir(parents=True)
    return Path(shutil.copy(SET_UP / "find-python.sh", folder))


def tools(folder: Path, *names: str) -> str:
    """A PATH with nothing but these programs."""
    folder.mkdir()
    for name in names:
        found = subprocess.run(["/bin/sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True)
        (folder / name).symlink_to(found.stdout.strip())
    return str(folder)


ALWAYS = ("sh", "dirname", "rm", "rmdir", "mv", "mkdir", "ln")


def test_a_machine_without_python_is_told_in_one_line(find: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", *ALWAYS)
    outcome = run("/bin/sh", find, PATH=path, HOME=str(tmp_path))
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("Python 3.12 or 3.13 is needed and none was found: install python3.13")
    assert outcome.stderr.count("\n") == 1
    assert not (tmp_path / "a project" / ".tools").exists()


@pytest.mark.parametrize(
    "body",
    [
        "exit 1",
        "exit 127",
        "echo",
        "echo Python 3.13.0",
        "echo /nowhere/python3.13",
        f'exec {BASE} -c "import sys; sys.exit(3)"',
        "printf '\\177ELF'",
    ],
)
@pytest.mark.parametrize("name", ["python3", "python3.13"])
def test_a_program_that_only_has_the_name_is_passed_over(find: Path, tmp_path: Path, name: str, body: str) -> None:
    path = tools(tmp_path / "bin", *ALWAYS)
    script(tmp_path / "bin" / name, body)
    outcome = run("/bin/sh", find, PATH=path, HOME=str(tmp_path))
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("Python 3.12 or 3.13 is needed and none was found")


def test_a_program_for_another_machine_is_passed_over(find: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", *ALWAYS)
    script(tmp_path / "bin" / "python3.13", "").write_bytes(b"\x7fELF for another machine")
    (tmp_path / "bin" / "python3.12").symlink_to(BASE)
    outcome = run("/bin/sh", find, PATH=path, HOME=str(tmp_path))
    assert outcome.stdout.strip() == str(tmp_path / "bin" / "python3.12")


def test_a_named_python_that_does_not_fit_is_named(tmp_path: Path) -> None:
    old = script(tmp_path / "python2", "exit 1")
    outcome = run("/bin/sh", SET_UP / "find-python.sh", PATH=os.environ["PATH"], PYTHON=str(old))
    assert outcome.returncode == 1
    assert (
        outcome.stderr == f"PYTHON={old} is not a Python 3.12 or 3.13 with venv: name one that is, or unset PYTHON.\n"
    )


def test_pyenvs_versions_are_found_behind_its_shims(find: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", *ALWAYS)
    version = tmp_path / ".pyenv" / "versions" / "3.13.0" / "bin"
    version.mkdir(parents=True)
    (version / "python").symlink_to(BASE)
    outcome = run("/bin/sh", find, PATH=path, HOME=str(tmp_path))
    assert outcome.stdout.strip() == str(version / "python")


def test_behind_a_virtual_environment_its_base_is_taken() -> None:
    # make may be about to replace the environment that is switched on.
    outcome = run("/bin/sh", SET_UP / "find-python.sh", PATH=os.environ["PATH"], PYTHON=sys.executable)
    assert Path(outcome.stdout.strip()).resolve() == BASE.resolve()
    assert not outcome.stdout.startswith(sys.prefix)


def test_a_python_without_venv_is_told_which_package_has_it(find: Path, tmp_path: Path) -> None:
    # As Debian and Ubuntu ship it: ensurepip is a package of its own.
    path = tools(tmp_path / "bin", *ALWAYS)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    without = "import sys; sys.modules['ensurepip'] = None; exec(sys.argv.pop(1))"
    found = script(tmp_path / "bin" / f"python{version}", f'shift 2; exec {BASE} -I -c "{without}" "$@"')
    outcome = run("/bin/sh", find, PATH=path, HOME=str(tmp_path))
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith(f"{found} has no venv module (on Debian and Ubuntu: install python{version}-venv)")
    assert outcome.stderr.count("\n") == 1


def test_uv_installs_a_python_where_there_is_no_fitting_one(find: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", *ALWAYS)
    script(tmp_path / "bin" / "uv", UV.format(python=BASE))
    outcome = run("/bin/sh", find, PATH=path, HOME=str(tmp_path))
    assert outcome.stdout.strip() == str(tmp_path / "a project" / ".tools" / "python" / "python")
    assert outcome.stderr == ""


def test_uv_is_had_from_the_package_index_by_an_older_python(find: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", *ALWAYS)
    uv = script(tmp_path / "uv", UV.format(python=BASE))
    # Takes the place of a Python that is too old, with a pip that puts uv into the folder after --target.
    install = f'mkdir -p "$7/bin" && cp {uv} "$7/bin/uv" ;;'
    script(tmp_path / "bin" / "python3", f'case "$*" in "-m pip install"*) {install}\n*) exit 3 ;;\nesac')
    (tmp_path / "bin" / "cp").symlink_to("/bin/cp")
    outcome = run("/bin/sh", find, PATH=path, HOME=str(tmp_path))
    assert outcome.stdout.strip() == str(tmp_path / "a project" / ".tools" / "python" / "python")
    assert sorted(path.name for path in (tmp_path / "a project" / ".tools").iterdir()) == ["python", "uv"]


@pytest.mark.parametrize(
    "body",
    [
        "exit 2",
        '[ "$1" = --version ] || exit 2',
        "echo odd; echo lines",
        "echo /nowhere/python3.13",
        UV.format(python="/nowhere/python3.13"),
    ],
    ids=["no uv", "fails", "odd", "vanished", "links to nothing"],
)
def test_a_uv_that_fails_is_told_in_one_line_and_leaves_nothing(find: Path, tmp_path: Path, body: str) -> None:
    path = tools(tmp_path / "bin", *ALWAYS)
    script(tmp_path / "bin" / "uv", body)
    outcome = run("/bin/sh", find, PATH=path, HOME=str(tmp_path))
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("Python 3.12 or 3.13 is needed and none was found: install python3.13")
    assert outcome.stderr.count("\n") == 1
    assert not (tmp_path / "a project" / ".tools").exists()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a virtual environment that holds no more than pip; its name has a space and a quote."""
    project = tmp_path_factory.mktemp("project") / "it's a project"
    project.mkdir()
    (project / "requirements.txt").write_text("")
    (project / "venv").write_text("a file in the environment's place, which gives way")
    outcome = make(project)
    assert outcome.returncode == 0, outcome.stderr
    return project


def make(project: Path, make_venv: Path = SET_UP / "make-venv.sh") -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [make_venv, "venv", "requirements.txt"]
    offline = {**os.environ, "PYTHON": sys.executable, "PIP_NO_INDEX": "1"}
    return subprocess.run(command, cwd=project, env=offline, capture_output=True, text=True, check=False)


@pytest.mark.ci
@pytest.mark.xdist_group("set-up")
def test_a_whole_environment_is_left_alone(environment: Path) -> None:
    assert make(environment).stdout == ""
    assert sorted(path.name for path in environment.iterdir()) == ["requirements.txt", "venv"]


@pytest.mark.ci
@pytest.mark.xdist_group("set-up")
@pytest.mark.parametrize(
    "gone", ["bin/python", "bin/pip", "lib/python3*/site-packages/pip", "complete", "pyvenv.cfg", "lib"]
)
def test_an_environment_that_lacks_a_part_is_made_anew(environment: Path, tmp_path: Path, gone: str) -> None:
    make_venv = Path(shutil.copy(SET_UP / "make-venv.sh", tmp_path))
    # The first step of making one, which ends here.
    script(tmp_path / "find-python.sh", "echo a Python is looked for >&2; exit 1")
    assert make(environment, make_venv).stderr == ""
    (part,) = (environment / "venv").glob(gone)
    away = part.rename(tmp_path / "away")
    try:
        assert make(environment, make_venv).stderr == "a Python is looked for\n"
    finally:
        away.rename(part)


@pytest.mark.ci
def test_requirements_that_cannot_be_had_leave_no_half_environment(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("a-package-that-nobody-has==1.0\n")
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    outcome = run(SET_UP / "make-venv.sh", str(tmp_path / "venv"), str(requirements), **environment)
    assert outcome.returncode == 1
    assert "a package index must be reachable" in outcome.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("requirements", REQUIREMENTS, ids=["tests", "scanning"])
def test_the_pins_carry_no_address_and_hold_for_both_pythons(requirements: Path) -> None:
    pin = re.compile(r"[a-z0-9][a-z0-9-]*==[\w.]+( ; [\w .*'=<>!()]+)?")
    lines = [line for line in requirements.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not pin.fullmatch(line)] == []


@pytest.mark.parametrize("requirements", REQUIREMENTS, ids=["tests", "scanning"])
@pytest.mark.parametrize("version", ["3.12", "3.13"])
@pytest.mark.ci
def test_each_pin_can_be_installed(tmp_path: Path, version: str, requirements: Path) -> None:
    found = run("/bin/sh", SET_UP / "find-python.sh", version, **os.environ)
    if found.returncode != 0:
        pytest.skip(f"Python {version} is not on this machine")
    subprocess.run([found.stdout.strip(), "-m", "venv", tmp_path / "venv"], check=True)
    asked = ("install", "--dry-run", "--no-deps", "--quiet", "--disable-pip-version-check")
    outcome = run(tmp_path / "venv" / "bin" / "python", "-m", "pip", *asked, "-r", requirements, **os.environ)
    assert outcome.returncode == 0, outcome.stderr
