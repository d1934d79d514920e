"""Processes that decide the matrix, each with another engine, and how those engines get onto this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from harness.paths import PROJECT

BENCHMARKS = Path(__file__).parent
SIMULATOR = "@cloud-copilot/iam-simulate"
SIMULATOR_VERSION = "0.1.173"
SIMULATOR_FOLDER = PROJECT / ".tools" / "iam-simulate"


class UnavailableError(Exception):
    """An engine to compare with is not on this machine: one sentence that says why and how to get it."""


class Worker:
    """A process that answers tasks, one line of JSON for each. Use as a context manager."""

    def __init__(self, command: list[str], environment: Mapping[str, str] = {}) -> None:
        self._command = command
        self._environment = {**os.environ, **environment}

    @classmethod
    def of_engine(cls, matrix: Path, tests: Path) -> Self:
        """The engine in that folder `tests`."""
        return cls([sys.executable, str(BENCHMARKS / "decide.py"), str(matrix)], {"PYTHONPATH": str(tests)})

    @classmethod
    def of_simulator(cls, matrix: Path) -> Self:
        """The npm package, as `install_simulator` leaves it."""
        return cls(["node", str(BENCHMARKS / "simulate.mjs"), str(matrix), str(SIMULATOR_FOLDER)])

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, **task: Any) -> dict[str, Any]:
        """The answer to a task. Raises UnavailableError if the process ends instead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(task) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise UnavailableError(f"{' '.join(self._command[:2])} ended without an answer; see its message above.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def rate(self, *, decisions: int, **task: Any) -> float:
        """Decisions for each second of the process's processor time."""
        seconds: float = self.ask(decisions=decisions, **task)["seconds"]
        return decisions / seconds


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A work tree of that commit in a temporary folder, removed afterwards. Raises UnavailableError."""
    git = ["git", "-C", str(PROJECT)]
    with TemporaryDirectory(prefix="plerion-kms-baseline-") as folder:
        tree = Path(folder) / "tree"
        _run([*git, "cat-file", "-e", f"{revision}^{{commit}}"], f"fetch the commit {revision}: git fetch --unshallow")
        _run([*git, "worktree", "add", "--quiet", "--detach", str(tree), revision], "see git's message")
        try:
            yield tree
        finally:
            _run([*git, "worktree", "remove", "--force", str(tree)], "run git worktree prune")


def install_simulator() -> None:
    """Install the npm package below .tools unless it is there. Raises UnavailableError."""
    _run(["node", "--version"], "install Node.js 20 or newer")
    installed = SIMULATOR_FOLDER / "node_modules" / SIMULATOR / "package.json"
    if installed.is_file() and json.loads(installed.read_text("utf-8"))["version"] == SIMULATOR_VERSION:
        return
    SIMULATOR_FOLDER.mkdir(parents=True, exist_ok=True)
    options = ("--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error")
    command = ["npm", "install", "--prefix", str(SIMULATOR_FOLDER), *options, f"{SIMULATOR}@{SIMULATOR_VERSION}"]
    _run(command, "install npm, and let it reach its registry (npm config get registry)")


def _run(command: list[str], fix: str) -> None:
    try:
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UnavailableError(f"{command[0]} cannot be run ({error.strerror}): {fix}.") from error
    if outcome.returncode != 0:
        said = (outcome.stderr.strip() or outcome.stdout.strip() or f"exit status {outcome.returncode}").splitlines()[0]
        raise UnavailableError(f"{command[0]} failed ({said}): {fix}.")
