"""Ctrl-C while AWS does not answer: one line, at once, with the exit code that shells give it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import plerion_kms
from test_audit.aws import XML

AT_MOST = 5.0
"""Seconds; a call that is waited for takes 30."""


class Silent(ThreadingHTTPServer):
    """Answers one operation and no other. asked: set once another one was asked for."""

    daemon_threads = True

    def __init__(self, answered: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answered = answered
        self.asked = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Silent)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if not server.answered or f"Action={server.answered}&" not in body:
            server.asked.set()
            time.sleep(60)
            return
        name = server.answered
        text = f"<{name}Response><{name}Result>{XML[name]}</{name}Result></{name}Response>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(params=["", "GetCallerIdentity"], ids=["in the first call", "while threads read"])
def server(request: pytest.FixtureRequest) -> Iterator[Silent]:
    with Silent(request.param) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_ctrl_c_ends_it_at_once(server: Silent, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(plerion_kms.__file__).parents[1]),
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "*",
    }
    out_folder = str(tmp_path / "out")
    command = [sys.executable, "-m", "plerion_kms.audit", "audit", "--regions", "us-east-1", "--out", out_folder]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert server.asked.wait(60)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - start < AT_MOST
    assert (process.returncode, out) == (130, "")
    assert err.strip() == "Interrupted before the audit was done."
    assert not (tmp_path / "out").exists()
