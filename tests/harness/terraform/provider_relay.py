"""The AWS provider, kept running between Terraform's commands, its schema cut to the types that are used.

Terraform starts a provider again for each command and each provider configuration, and reads the schemas of its more
than a thousand types each time: seconds of work, for the dozen types that are used here. So the provider itself, as
installed, is started once for each configuration, in the mode that it has for debuggers, and Terraform is made to
connect to a relay in this process. The relay passes the calls on unread, but for three: from the schema it takes the
types that no file names, by a configuration it chooses the provider's process, and it answers from memory when the
schema is asked for, or the same configuration is to be validated, again.

Sources: Terraform's documentation, "Debugging Terraform Providers" (TF_REATTACH_PROVIDERS) and "Terraform Plugin
Protocol", version 5.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from harness.errors import HarnessError
from harness.terraform.cli_config import PROVIDER, REGISTRIES
from harness.terraform.provider_schema import configured_values, cut_schema

ADDRESSES = [f"{registry}/{PROVIDER}" for registry in REGISTRIES]
OWN_ADDRESS = ADDRESSES[0]
"""What the provider calls itself, whoever starts it."""
PROTOCOL = 5
SERVICE = f"/tfplugin{PROTOCOL}.Provider/"
SCHEMA, CONFIGURE = f"{SERVICE}GetSchema", f"{SERVICE}Configure"
REMEMBERED = (SCHEMA, f"{SERVICE}PrepareProviderConfig")
ANNOUNCED = re.compile(r"TF_REATTACH_PROVIDERS='(.*)'")

STOP_SECONDS = 10
# Terraform asks for ten things at once, of each configuration.
CALLS_AT_ONCE = 40
ANY_SIZE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]

_schemas: dict[Path, bytes] = {}
"""The whole schema by the provider's program, asked for once."""


class ProviderRelay:
    """The provider for the Terraform commands of one working folder.

    binary: the provider's program. types: the types that Terraform is to know; it refuses others as unknown.
    environment: variables for the provider's processes. folder: where they work.
    """

    def __init__(self, binary: Path, types: Set[str], environment: Mapping[str, str], folder: Path) -> None:
        self._binary = binary
        self._types = types
        self._folder = folder
        # These processes live long, so they shall collect their garbage.
        short_lived = ("GOGC", "GOMEMLIMIT")
        self._environment = {name: value for name, value in environment.items() if name not in short_lived}
        self._lock = threading.Lock()
        self._processes: list[_Process] = []
        self._configured: dict[str, _Process] = {}
        self._remembered: dict[tuple[str, bytes], bytes] = {}
        self._server: grpc.Server | None = None
        self._port = 0

    def environment(self) -> dict[str, str]:
        """Environment variables by which Terraform finds the provider."""
        if self._server is None:
            self._server = grpc.server(ThreadPoolExecutor(CALLS_AT_ONCE), options=ANY_SIZE)
            self._server.add_generic_rpc_handlers((_Handler(self.answer),))
            self._port = self._server.add_insecure_port("127.0.0.1:0")
            self._server.start()
        address = {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": os.getpid(),
            "Test": True,
            # Over TCP, connections have names of their own, that distinguish them.
            "Addr": {"Network": "tcp", "String": f"127.0.0.1:{self._port}"},
        }
        return {"TF_REATTACH_PROVIDERS": json.dumps(dict.fromkeys(ADDRESSES, address))}

    def stop(self) -> None:
        """End the relay and the provider's processes; the next command starts them again."""
        server, self._server = self._server, None
        if server is not None:
            server.stop(None).wait()
        with self._lock:
            processes, self._processes = self._processes, []
            self._configured = {}
        for process in processes:
            process.stop()

    def answer(self, method: str, request: bytes, connection: str) -> bytes:
        """The answer to one call of Terraform's. connection: tells its connections apart.

        Raises grpc.RpcError where the call fails, HarnessError where the provider does not start.
        """
        with self._lock:
            if method in REMEMBERED:
                return self._remember(method, request)
            if method == CONFIGURE:
                self._configured[connection] = self._process_with(configured_values(request))
            process = self._configured.get(connection) or self._first()
        return process.call(method, request)

    def _remember(self, method: str, request: bytes) -> bytes:
        """The same answer as the first time: it follows from the request and from what the relay was made with."""
        asked = (method, request)
        if asked not in self._remembered:
            self._remembered[asked] = (
                cut_schema(self._schema(request), self._types)
                if method == SCHEMA
                else self._first().call(method, request)
            )
        return self._remembered[asked]

    def _schema(self, request: bytes) -> bytes:
        if self._binary not in _schemas:
            _schemas[self._binary] = self._first().call(SCHEMA, request)
        return _schemas[self._binary]

    def _first(self) -> _Process:
        return self._processes[0] if self._processes else self._start()

    def _process_with(self, configuration: bytes) -> _Process:
        """The process that has this configuration, else one that has none yet."""
        free = (process for process in self._processes if process.configuration in (None, configuration))
        process = next(free, None) or self._start()
        process.configuration = configuration
        return process

    def _start(self) -> _Process:
        process = _Process(self._binary, self._environment, self._folder)
        self._processes.append(process)
        return process


class _Process:
    """One process of the provider. configuration: the values that it was configured with, if it was."""

    def __init__(self, binary: Path, environment: Mapping[str, str], folder: Path) -> None:
        self.configuration: bytes | None = None
        # A session of its own: Ctrl-C is Terraform's to handle, which still needs its provider then.
        self._binary = binary
        self._process = subprocess.Popen(
            [binary, "-debug"],
            cwd=folder,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._channel = grpc.insecure_channel(f"unix:{self._socket()}", options=ANY_SIZE)

    def call(self, method: str, request: bytes) -> bytes:
        """The answer to one call. Raises grpc.RpcError."""
        ask: Any = self._channel.unary_unary(method)
        answer: bytes = ask(request)
        return answer

    def stop(self) -> None:
        """End the process and wait until it is gone."""
        self._channel.close()
        self._end(signal.SIGINT)

    def _socket(self) -> str:
        assert self._process.stdout is not None
        found = next(filter(None, map(ANNOUNCED.search, self._process.stdout)), None)
        address = json.loads(found[1]).get(OWN_ADDRESS, {}) if found else {}
        if address.get("ProtocolVersion") != PROTOCOL:
            self._end(signal.SIGKILL)
            raise HarnessError(
                f"{self._binary} does not offer protocol {PROTOCOL} to debuggers: give Terraform an AWS "
                "provider of version 5 or 6."
            )
        return str(address["Addr"]["String"])

    def _end(self, by: signal.Signals) -> None:
        self._process.send_signal(by)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # Not before its end, as it would not outlive a write to a closed pipe.
        if self._process.stdout is not None:
            self._process.stdout.close()


class _Handler(grpc.GenericRpcHandler):
    """Answers every call of the provider's service with bytes, unparsed."""

    def __init__(self, answer: Callable[[str, bytes, str], bytes]) -> None:
        self._answer = answer

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        method = handler_call_details.method
        if not method.startswith(SERVICE):
            return None

        def handle(request: bytes, context: grpc.ServicerContext) -> Any:
            try:
                return self._answer(method, request, context.peer())
            except grpc.RpcError as error:
                context.abort(error.code(), error.details() or "")
            except HarnessError as error:
                context.abort(grpc.StatusCode.UNAVAILABLE, str(error))

        return grpc.unary_unary_rpc_method_handler(handle)
