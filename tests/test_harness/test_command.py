"""How the commands end: stopped by a signal, or in odd surroundings, with one sentence and nothing left behind."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from emulator import Emulator, EmulatorError
from harness.errors import in_words
from harness.paths import PROJECT

SECONDS = 60


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """A command of the harness, with that folder for temporary files."""
    # Whoever runs the tests in the background has SIGINT ignored, and so would this process.
    code = "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); sys.argv[0] = ''"
    return subprocess.Popen(
        [sys.executable, "-c", f"{code}; runpy.run_module('harness', run_name='__main__')", *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": "tests", "TMPDIR": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def processes_in(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in " ".join((process.cwd(), *process.cmdline())):
                found.append(process.name())
        except psutil.Error:
            continue
    return found


@pytest.mark.ci
@pytest.mark.parametrize(
    ("command", "appears", "signals"),
    [
        ("demo", "plerion-kms-[!e]*", [signal.SIGHUP]),
        ("demo", "plerion-kms-emulator-*", [signal.SIGINT, signal.SIGINT]),
        ("scan", "plerion-kms-combined-*", [signal.SIGTERM]),
        ("scan", "plerion-kms-scan-*", [signal.SIGHUP, signal.SIGTERM]),
    ],
    ids=str,
)
def test_a_signal_leaves_nothing(tmp_path: Path, command: str, appears: str, signals: list[signal.Signals]) -> None:
    process = start(tmp_path, command)
    deadline = time.monotonic() + SECONDS
    while not any(tmp_path.glob(appears)) and time.monotonic() < deadline:
        time.sleep(0.01)
    for each in signals:
        process.send_signal(each)
    _, said = process.communicate(timeout=SECONDS)
    assert said.splitlines()[-1] == "Stopped; nothing was left behind."
    assert process.returncode == 128 + signals[0]
    assert processes_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_an_emulator_that_is_killed_is_said() -> None:
    emulator = Emulator()
    emulator.start()
    assert emulator.ended() is None
    assert emulator._process is not None
    emulator._process.kill()
    emulator._process.wait()
    met = ConnectionError("what a call then meets")
    with pytest.raises(EmulatorError, match=r"^The emulator at .* has ended in the middle of its work \(SIGKILL\); "):
        emulator.__exit__(type(met), met, None)


def test_a_narrow_encoding_and_a_home_that_is_no_folder_are_no_errors(tmp_path: Path) -> None:
    process = start(tmp_path, "setup", PYTHONIOENCODING="ascii", HOME="/dev/null")
    _, said = process.communicate(timeout=SECONDS)
    assert (process.returncode, said) == (0, "")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "full", "/x"), "/x: No space left on device: free some space there, "),
        (OSError(errno.EROFS, "closed", "/x"), "/x: Read-only file system: make it readable and writable, "),
        (FileExistsError(errno.EEXIST, "there", "/x/.tools"), "/x/.tools: File exists: move away what is in its place"),
        (OSError(errno.EMFILE, "many"), "Too many open files: raise the limit of open files (ulimit -n 4096)."),
        (shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]), "No space left on device: free some "),
    ],
)
def test_what_the_system_refuses_is_one_sentence(error: OSError, sentence: str) -> None:
    assert in_words(error).startswith(sentence)
    assert "\n" not in in_words(error)
