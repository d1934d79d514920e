"""HTTP for the gateway: one thread for each connection, on a socket that already listens.

LocalStack's own servers listen on all interfaces and offer TLS; this one listens where its socket does. Every request
that comes in here is from outside: LocalStack's calls to itself stay in memory and never pass.
"""

from __future__ import annotations

import logging
import socket
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from rolo import Request, Response
from werkzeug.datastructures import Headers

LOG = logging.getLogger("emulator")

MAX_BODY = 10 * 1024 * 1024
FORGEABLE_HEADERS = ("x-localstack-", "x-moto-")
"""Headers by which LocalStack and moto talk to themselves. None is taken from a client."""


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
        """Log what went wrong; a client that goes away is not worth a line."""
        if not isinstance(sys.exception(), ConnectionError):
            LOG.exception("a request failed in the server")


class GatewayRequestHandler(BaseHTTPRequestHandler):
    """Translates between HTTP on a socket and the gateway's request and response."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: GatewayServer

    def _handle(self) -> None:
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            self.send_error(411)
            return
        length = int(self.headers.get("content-length") or 0)
        if not 0 <= length <= MAX_BODY:
            self.close_connection = True
            self.send_error(413)
            return
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            raw_path=path,
            query_string=query,
            headers=Headers(
                [
                    (name, value)
                    for name, value in self.headers.items()
                    if not name.lower().replace("_", "-").startswith(FORGEABLE_HEADERS)
                ]
            ),
            body=self.rfile.read(length),
            remote_addr=self.client_address[0],
            server=self.server.server_address[:2],
        )
        response = Response()
        self.server.gateway.process(request, response)
        body = response.get_data()
        self.send_response_only(response.status_code)
        for name, value in response.headers.items():
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _handle  # noqa: N815 (as the base class calls them)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Requests are not logged; what the gateway refuses is."""
