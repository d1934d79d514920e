"""HTTP for the gateway: one thread for each connection, on a socket that already listens.

LocalStack's own servers listen on all interfaces and offer TLS; this one listens where its socket does. Every request
here is from outside: LocalStack's calls to itself stay in memory and never pass. A request that can be read in two ways
(RFC 9112) is refused and the connection closed, so that no request can be smuggled in another.
"""

from __future__ import annotations

import logging
import re
import socket
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from rolo import Request, Response
from werkzeug.datastructures import Headers

from emulator.http_answers import UnreadableError, body_of, malformed

LOG = logging.getLogger("emulator")

MAX_BODY = 10 * 1024 * 1024
MAX_LINE = 65536
MAX_HEADERS = 100
REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) (/[!-~]*) HTTP/1\.([01])\r\n")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*\r\n")
FORWARDED = frozenset(
    {
        "authorization",
        "content-encoding",
        "content-type",
        "host",
        "user-agent",
        "x-amz-content-sha256",
        "x-amz-security-token",
        "x-amz-target",
    }
)
"""The headers that a call is read from. No other reaches LocalStack, whatever LocalStack or moto would do with it."""

SINGLE = FORWARDED | {"connection", "content-length"}
"""The headers that a request has once."""


class GatewayServer(ThreadingMixIn, TCPServer):
    """Serves `gateway` on `listener` until the process ends."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, gateway: Any) -> None:
        super().__init__(listener.getsockname(), GatewayRequestHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.gateway = gateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong; a client that disconnects is not logged."""
        if not isinstance(sys.exception(), ConnectionError):
            LOG.exception("a request failed in the server")


class GatewayRequestHandler(BaseHTTPRequestHandler):
    """Translates between HTTP on a socket and the gateway's request and response."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: GatewayServer

    def handle_one_request(self) -> None:
        """Read one request, let the gateway answer it, send the answer."""
        self.close_connection = True
        self.command, self.request_version = "", self.protocol_version
        self.fields: dict[str, str] = {}
        line = self.rfile.readline(MAX_LINE)
        if not line:
            return
        try:
            request = self._read(line)
        except UnreadableError as error:
            LOG.info("refused a request: %s", error.message)
            query = "json" not in self.fields.get("content-type", "") and "x-amz-target" not in self.fields
            content_type, body = body_of(error, query=query)
            self.close_connection = True
            self._send(Response(body, error.status, content_type=content_type))
            return
        response = Response()
        self.server.gateway.process(request, response)
        self._send(response)

    def _read(self, line: bytes) -> Request:
        match = REQUEST_LINE.fullmatch(line)
        if match is None:
            raise malformed("The first line is not METHOD /path HTTP/1.1.")
        self.command, target = match[1].decode(), match[2].decode()
        self._read_headers()
        length = self._body_length()
        body = self.rfile.read(length)
        if len(body) < length:
            raise malformed("The body is shorter than the Content-Length header says.")
        self.close_connection = match[3] == b"0" or self.fields.get("connection", "").lower() == "close"
        path, _, query = target.partition("?")
        return Request(
            method=self.command,
            path=path,
            raw_path=path,
            query_string=query,
            headers=Headers([(name, value) for name, value in self.fields.items() if name in FORWARDED]),
            body=body,
            remote_addr=self.client_address[0],
            server=self.server.server_address[:2],
        )

    def _read_headers(self) -> None:
        """Read to the end of the headers even if one is refused: they say which protocol the client reads."""
        problem = ""
        for _ in range(MAX_HEADERS):
            line = self.rfile.readline(MAX_LINE)
            match = HEADER.fullmatch(line)
            if match is None:
                if line != b"\r\n":
                    problem = "A header line is not `name: value`; folded and overlong ones are not accepted."
                break
            name, value = match[1].decode().lower(), match[2].decode("latin-1")
            if name in self.fields and name in SINGLE:
                problem = f"The header {name} is there more than once."
            self.fields[name] = value
        else:
            problem = f"A request has at most {MAX_HEADERS} headers."
        if problem:
            raise malformed(problem)

    def _body_length(self) -> int:
        if "transfer-encoding" in self.fields:
            raise malformed("Give the body's length in a Content-Length header: Transfer-Encoding is not accepted.")
        text = self.fields.get("content-length", "0")
        if not (text.isascii() and text.isdecimal()):
            raise malformed("The Content-Length header is not a number.")
        if len(text) > len(str(MAX_BODY)) or int(text) > MAX_BODY:
            raise UnreadableError("RequestEntityTooLargeException", 413, f"A body has at most {MAX_BODY} bytes.")
        return int(text)

    def _send(self, response: Response) -> None:
        body = response.get_data()
        self.send_response_only(response.status_code)
        for name, value in response.headers.items():
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Requests are not logged; what the gateway refuses is."""
