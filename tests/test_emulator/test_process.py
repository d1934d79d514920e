"""Start and stop: a failure is reported in one sentence, and nothing is left behind."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from pathlib import Path

import pytest

from emulator import Emulator, EmulatorError
from test_emulator.aws import Caller

TESTS = Path(__file__).parents[1]


urlopen = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
"""Without a proxy, whatever the environment names."""


def serving(endpoint: str) -> bool:
    try:
        with urlopen(f"{endpoint}/_localstack/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wait_until_exit(pid: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_it_serves_on_loopback_only_and_leaves_nothing_when_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    emulator = Emulator()
    emulator.start()
    endpoint, process = emulator.endpoint_url, emulator._process
    assert process is not None
    port = int(endpoint.rpartition(":")[2])
    assert endpoint == f"http://127.0.0.1:{port}"
    assert serving(endpoint)
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if line.split()[3] == "0A"]
    assert [address for address in listening if address.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]
    with pytest.raises(EmulatorError, match=f"already runs at {endpoint}"):
        emulator.start()
    emulator.stop()
    emulator.stop()
    assert not serving(endpoint)
    assert wait_until_exit(process.pid)
    assert list(tmp_path.iterdir()) == []
    assert emulator.endpoint_url == ""


def test_the_users_settings_do_not_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("GATEWAY_LISTEN", "0.0.0.0:4566")
    monkeypatch.setenv("LOCALSTACK_DEBUG", "1")
    with Emulator() as emulator:
        assert serving(emulator.endpoint_url)
        assert emulator.log() == ""


def test_a_wanted_port_is_used_and_a_taken_one_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=rf"^Port {port} of 127\.0\.0\.1 is taken by another program; .*\.$"):
            Emulator(port=port).start()
    with Emulator(port=port) as emulator:
        assert emulator.endpoint_url == f"http://127.0.0.1:{port}"


def test_a_port_that_is_none_is_named() -> None:
    with pytest.raises(EmulatorError, match=r"^70000 is not a port; choose one from 1024 to 65535\.$"):
        Emulator(port=70000).start()


def test_a_missing_interpreter_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match=r"^Cannot run /nowhere/python \(No such file or directory\); .*\.$"):
        Emulator(python="/nowhere/python").start()


def interpreter(path: Path, preamble: str) -> str:
    """An interpreter that runs `preamble` before the launcher."""
    program = path / "preamble.py"
    program.write_text(
        f"import runpy, sys\nsys.argv = sys.argv[1:]\n{textwrap.dedent(preamble)}\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    script = path / "python"
    script.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(program)])} "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_an_unsupported_python_is_named(tmp_path: Path) -> None:
    python = interpreter(tmp_path, "sys.version_info = (3, 11, 7, 'final', 0)")
    with pytest.raises(EmulatorError, match=r"^LocalStack needs Python 3\.12 or 3\.13, but .* is 3\.11; use .*\.$"):
        Emulator(python=python).start()


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    python = interpreter(
        tmp_path,
        """
        import importlib.util
        found = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *rest: None if name == "localstack" else found(name, *rest)
        """,
    )
    message = r"^The Python package localstack-core\[runtime\] is missing in .*; install .*\.$"
    with pytest.raises(EmulatorError, match=message):
        Emulator(python=python).start()


def test_a_start_that_fails_shows_the_end_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "bin").mkdir()
    python = interpreter(tmp_path / "bin", "sys.modules['localstack.runtime'] = None")
    emulator = Emulator(python=python)
    with pytest.raises(EmulatorError, match=r"^LocalStack did not start\. The last lines of its log:\n") as failure:
        emulator.start()
    assert "ModuleNotFoundError" in str(failure.value)
    assert "ModuleNotFoundError" in emulator.log()
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_a_start_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    python = interpreter(tmp_path, "import time\ntime.sleep(60)")
    with pytest.raises(EmulatorError, match=r"^LocalStack was not ready within 0\.2 s; raise start_timeout "):
        Emulator(python=python, start_timeout=0.2).start()


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, *(pytest.param(how, marks=pytest.mark.ci) for how in (signal.SIGTERM, signal.SIGINT))]
)
def test_it_goes_with_the_one_that_started_it(how: signal.Signals, tmp_path: Path) -> None:
    # Whoever runs the tests in the background has SIGINT ignored, and so would this process.
    program = f"""
        import signal, sys, time
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.path.insert(0, {str(TESTS)!r})
        from emulator import Emulator
        emulator = Emulator()
        emulator.start()
        print(emulator._process.pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert any(tmp_path.iterdir())
    parent.send_signal(how)
    parent.wait()
    parent.stdout.close()
    assert wait_until_exit(pid)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.ci
def test_several_run_side_by_side_and_do_not_share_state() -> None:
    with Emulator() as one, Emulator() as two:
        first, second = Caller(one.endpoint_url, "111111111111"), Caller(two.endpoint_url, "111111111111")
        first.kms.create_key()
        assert len(first.kms.list_keys()["Keys"]) == 1
        assert second.kms.list_keys()["Keys"] == []
