"""A proxy in front of the emulator that makes it as unsteady as AWS, from a seed.

Roles are assumed and named only some time after they were made. Changes of policies and tags are in force only some
time after they were answered. Calls are throttled, sessions expire, connections are cut before or after a call was
carried out. Time is a count of seconds that moves when the program under test sleeps, and a little with each call.
"""

from __future__ import annotations

import json
import random
import re
import socket
import struct
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote_plus

HELD = frozenset({"PutKeyPolicy", "TagResource", "UntagResource", "PutRolePolicy", "PutRolePermissionsBoundary"})
"""Calls whose answer is empty, so that they can be answered at once and carried out later."""

TEXTS = {
    "MalformedPolicyDocument": "Invalid principal in policy",
    "MalformedPolicyDocumentException": "Policy contains a statement with one or more invalid principals.",
}
PASSED_ON = ("authorization", "content-type", "host", "user-agent", "x-amz-security-token", "x-amz-target")


@dataclass
class Time:
    """Seconds that pass only here."""

    seconds: float = 0.0

    def now(self) -> float:
        """The time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


@dataclass
class Weather:
    """How unsteady it is. delay: the longest in seconds; the others: shares of calls. cut_at: the number of the call,
    counted from 1, at which the connection is cut for once; cut_from: from which call on all are cut."""

    delay: float = 0.0
    throttled: float = 0.0
    expired: float = 0.0
    cut: float = 0.0
    cut_at: int = 0
    cut_from: int = 0


@dataclass
class _Held:
    due: float
    send: Callable[[], Any]


@dataclass
class Unsteady:
    """The proxy. endpoint: of the emulator; url: its own, while it runs. calls: the operations, as they came.
    failed: calls that were answered at once and refused later. keys_left: ids of keys made and not to be deleted."""

    endpoint: str
    weather: Weather
    time: Time
    seed: int = 0
    calls: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    keys_left: set[str] = field(default_factory=set)
    _held: list[_Held] = field(default_factory=list)
    _visible: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._random = random.Random(self.seed)  # noqa: S311 - not a secret
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with proxy._lock:
                    answer = proxy.answer(dict(self.headers.items()), body)
                if answer is None:
                    # A reset, as of a cut line, not an orderly end.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    return
                status, kind, content = answer
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes] | None:
        """Status, content type and body; None for a connection that is cut."""
        self.time.sleep(0.05)
        operation, json_protocol = _operation(headers, body)
        self.calls.append(operation)
        for held in sorted((each for each in self._held if each.due <= self.time.now()), key=lambda each: each.due):
            self._held.remove(held)
            held.send()
        number, weather = len(self.calls), self.weather
        cut = number == weather.cut_at or bool(weather.cut_from and number >= weather.cut_from)
        cut = cut or self._random.random() < weather.cut
        if cut and self._random.random() < 0.5:
            return None
        if self._random.random() < weather.throttled:
            return _error("ThrottlingException" if json_protocol else "Throttling", 400, json_protocol=json_protocol)
        if headers.get("X-Amz-Security-Token") and self._random.random() < weather.expired:
            code = "ExpiredTokenException" if json_protocol else "ExpiredToken"
            return _error(code, 400 if json_protocol else 403, json_protocol=json_protocol)
        answer = self._carried_out(operation, headers, body, json_protocol=json_protocol)
        return None if cut else answer

    def _carried_out(
        self, operation: str, headers: dict[str, str], body: bytes, *, json_protocol: bool
    ) -> tuple[int, str, bytes]:
        text = unquote_plus(body.decode("utf-8", "replace"))
        unseen = [arn for arn, due in self._visible.items() if due > self.time.now() and arn in text]
        if unseen and operation == "AssumeRole":
            return _error("AccessDenied", 403, json_protocol=json_protocol)
        if unseen and operation in ("CreateRole", "UpdateAssumeRolePolicy", "CreateKey", "PutKeyPolicy"):
            code = "MalformedPolicyDocumentException" if json_protocol else "MalformedPolicyDocument"
            return _error(code, 400, json_protocol=json_protocol)
        if operation in HELD and self.weather.delay:
            due = self.time.now() + self._random.uniform(0, self.weather.delay)
            # What concerns one thing arrives in the order in which it was sent.
            due = max([due, *(each.due for each in self._held)])

            def send() -> None:
                status, _, content = self._forward(headers, body)
                if status >= 400:
                    self.failed.append(f"{operation}: {content!r}")

            self._held.append(_Held(due, send))
            return _empty(operation, json_protocol=json_protocol)
        answer = self._forward(headers, body)
        if operation == "CreateKey" and answer[0] == 200:
            self.keys_left.add(json.loads(answer[2])["KeyMetadata"]["KeyId"])
        if operation == "ScheduleKeyDeletion" and answer[0] == 200:
            self.keys_left.discard(json.loads(body)["KeyId"].rpartition("/")[2])
        if operation == "CreateRole" and answer[0] == 200:
            found = re.search(rb"<Arn>([^<]+)</Arn>", answer[2])
            assert found is not None
            self._visible[found[1].decode()] = self.time.now() + self._random.uniform(0, self.weather.delay)
        return answer

    def _forward(self, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        passed = {name: value for name, value in headers.items() if name.lower() in PASSED_ON}
        request = urllib.request.Request(f"{self.endpoint}/", body, passed, method="POST")  # noqa: S310 - the emulator
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request) as answer:
                return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        except HTTPError as error:
            return error.code, error.headers.get("Content-Type", ""), error.read()


def _operation(headers: dict[str, str], body: bytes) -> tuple[str, bool]:
    target = headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2], True
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0], False


def _empty(operation: str, *, json_protocol: bool) -> tuple[int, str, bytes]:
    if json_protocol:
        return 200, "application/x-amz-json-1.1", b"{}"
    return 200, "text/xml", f"<{operation}Response><ResponseMetadata/></{operation}Response>".encode()


def _error(code: str, status: int, *, json_protocol: bool) -> tuple[int, str, bytes]:
    if json_protocol:
        return (
            status,
            "application/x-amz-json-1.1",
            json.dumps({"__type": code, "message": TEXTS.get(code, "unsteady")}).encode(),
        )
    error = f"<Code>{code}</Code><Message>{TEXTS.get(code, 'unsteady')}</Message>"
    error = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
    return status, "text/xml", error.encode()
