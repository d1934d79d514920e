"""The emulator's process: started, reachable at an address, with a log, stopped."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from io import RawIOBase
from pathlib import Path
from types import TracebackType
from typing import Self

LAUNCHER = Path(__file__).with_name("launcher.py")
DEFAULT_SERVICES = ("kms", "iam", "sts", "resourcegroupstaggingapi")
LOG_LINES_SHOWN = 15
STOP_TIMEOUT = 5.0

KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH")
"""What the process inherits. Everything else, above all AWS_* and LOCALSTACK_*, would change what the emulator does."""


class EmulatorError(Exception):
    """The emulator cannot start or has stopped: one sentence that says what, where and how to fix it."""


class Emulator:
    """LocalStack as a process of its own, on a port of 127.0.0.1, its state in a temporary folder.

    enforce: False switches authorization off and changes nothing else, for comparison.
    port: None uses a free one.
    python: the interpreter that has localstack-core installed.
    start_timeout: seconds until a start is given up.
    services: the AWS services to offer, by their boto3 names.

    Several can run at once. The process exits with its parent, even if the parent is killed.
    """

    def __init__(
        self,
        *,
        enforce: bool = True,
        port: int | None = None,
        python: str = sys.executable,
        start_timeout: float = 60.0,
        services: Sequence[str] = DEFAULT_SERVICES,
    ) -> None:
        self._enforce = enforce
        self._wanted_port = port
        self._python = python
        self._start_timeout = start_timeout
        self._services = tuple(services)
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._last_log = ""
        self.endpoint_url = ""

    def start(self) -> None:
        """Start and wait until requests are answered.

        Raises EmulatorError: the port is taken, the interpreter or a package is missing or of the wrong version, or
        LocalStack did not start (with the last lines of its log). Nothing is left behind then.
        """
        if self._process is not None:
            raise EmulatorError(f"The emulator already runs at {self.endpoint_url}; stop it before starting it again.")
        listener = _listen(self._wanted_port)
        try:
            port: int = listener.getsockname()[1]
            self._folder = tempfile.TemporaryDirectory(prefix="plerion-kms-emulator-")
            status_read, status_write = os.pipe()
            try:
                self._process = self._spawn(listener, port, status_write)
            finally:
                os.close(status_write)
            with open(status_read, "rb", buffering=0) as status:
                self._await_ready(status)
        except BaseException:
            self._stop(patience=0.0)
            raise
        finally:
            listener.close()
        self.endpoint_url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """End the process and everything it started, and remove its folder. Does nothing if it does not run."""
        self._stop(STOP_TIMEOUT)

    def ended(self) -> str | None:
        """One sentence if the process has ended without `stop`, else None."""
        code = self._process.poll() if self._process is not None else None
        if code is None:
            return None
        return f"The emulator at {self.endpoint_url} has ended in the middle of its work{_by(code)}; start it again."

    def _stop(self, patience: float) -> None:
        process, self._process = self._process, None
        if process is not None:
            _end(process, patience)
        folder, self._folder = self._folder, None
        if folder is not None:
            self._last_log = _read(Path(folder.name) / "log")
            with contextlib.suppress(FileNotFoundError):
                folder.cleanup()
        self.endpoint_url = ""

    def log(self) -> str:
        """The log so far: each refusal with its reason on a line of its own. After `stop`, the log as it was then."""
        return self._last_log if self._folder is None else _read(Path(self._folder.name) / "log")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended = self.ended()
        self.stop()
        # Other errors followed from it and are less helpful.
        if ended is not None and isinstance(error, Exception):
            raise EmulatorError(ended) from error

    def _spawn(self, listener: socket.socket, port: int, status_write: int) -> subprocess.Popen[bytes]:
        assert self._folder is not None
        folder = Path(self._folder.name)
        arguments = {
            "socket": listener.fileno(),
            "status": status_write,
            "folder": str(folder),
            "enforce": int(self._enforce),
        }
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        environment |= _settings(folder, port, self._services)
        command = [self._python, str(LAUNCHER), *(f"{name}={value}" for name, value in arguments.items())]
        try:
            with (folder / "log").open("wb") as log:
                return subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,  # the launcher ends when this closes, even if the parent was killed
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    cwd=folder,
                    pass_fds=(listener.fileno(), status_write),
                    start_new_session=True,
                )
        except OSError as error:
            raise EmulatorError(
                f"Cannot run {self._python} ({error.strerror}); give the emulator a Python 3.12 or 3.13 that has "
                "tests/requirements.txt installed."
            ) from error

    def _await_ready(self, status: RawIOBase) -> None:
        deadline = time.monotonic() + self._start_timeout
        message = b""
        while not message.endswith(b"\n"):
            ready, _, _ = select.select([status], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise EmulatorError(
                    f"LocalStack was not ready within {self._start_timeout:g} s; raise start_timeout on a slow "
                    f"machine. {self._log_tail()}"
                )
            part = status.read(4096)
            if not part:
                assert self._process is not None
                raise EmulatorError(
                    f"LocalStack did not start{_by(self._process.wait(STOP_TIMEOUT))}. {self._log_tail()}"
                )
            message += part
        text = message.decode("utf-8", "replace").strip()
        if text != "ready":
            raise EmulatorError(text)

    def _log_tail(self) -> str:
        lines = self.log().splitlines()[-LOG_LINES_SHOWN:]
        return "The last lines of its log:\n" + "\n".join(f"  {line}" for line in lines or ["(the log is empty)"])


def _listen(port: int | None) -> socket.socket:
    """A listening socket. The process inherits it, so that no other program can get the port in between."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port or 0))
        listener.listen(512)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise EmulatorError(
                f"Port {port} of 127.0.0.1 is taken by another program; stop that program, choose another port, or "
                "leave the port out to get a free one."
            ) from error
        raise EmulatorError(f"Cannot listen on port {port} of 127.0.0.1: {error.strerror}.") from error
    except OverflowError as error:
        listener.close()
        raise EmulatorError(f"{port} is not a port; choose one from 1024 to 65535.") from error
    return listener


def _settings(folder: Path, port: int, services: Sequence[str]) -> dict[str, str]:
    """LocalStack's configuration: offline, quiet, only the requested services, all state in the folder."""
    return {
        "HOME": str(folder),
        "FILESYSTEM_ROOT": str(folder / "localstack"),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "SERVICES": ",".join(services),
        "STRICT_SERVICE_LOADING": "1",
        "EAGER_SERVICE_LOADING": "0",
        "IN_MEMORY_CLIENT": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
        "LS_LOG": "warning",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", ""),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _by(code: int) -> str:
    """Which signal ended a process with that return code, if one did."""
    return f" ({signal.Signals(-code).name})" if code < 0 else ""


def _end(process: subprocess.Popen[bytes], patience: float) -> None:
    """Tell the process to end; after `patience` seconds kill what is left of its group."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.write(b"stop")
            process.stdin.close()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
