"""LocalStack set up for the emulator: its runtime without TLS, DNS and side doors, with our gate and providers."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

from localstack import config
from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext, ServiceException
from localstack.aws.chain import HandlerChain
from localstack.aws.handlers.fallback import EmptyResponseHandler
from localstack.aws.handlers.service_plugin import ServiceLoader
from localstack.http import Response
from localstack.logging.setup import setup_logging_from_config
from localstack.runtime import current, hooks
from localstack.runtime.runtime import create_from_environment
from localstack.services.plugins import SERVICE_PLUGINS, Service

from emulator import conveniences, errors
from emulator.call import ExternalRequestContext
from emulator.gate import Gate, add_decision_header
from emulator.iam import identities
from emulator.iam.provider import PatchedIamProvider, take_scalars_in_conditions
from emulator.internal_calls import carry_context_into_threads
from emulator.kms.provider import PatchedKmsProvider, bind_encryption_context, with_dry_run
from emulator.offered import services
from emulator.requests import parse_service_request, read_request
from emulator.server import GatewayServer
from emulator.sts.provider import PatchedStsProvider
from emulator.tagging.provider import KeyTaggingProvider

TOKENS = ("Marker", "NextToken", "PaginationToken")
HEALTH_PATH = "/_localstack/health"


def run(listener_fd: int, *, enforce: bool, on_ready: Callable[[], None]) -> None:
    """Serve on the inherited socket until the process ends; call `on_ready` once requests are answered."""
    _set_up_logging()
    runtime = create_from_environment()
    current.set_current_runtime(runtime)
    config.dirs.mkdirs()
    hooks.on_runtime_start.run()
    gateway = runtime.components.gateway
    carry_context_into_threads()
    _install_providers()
    _load_services(gateway)
    _set_handlers(gateway, Gate(enforce=enforce))
    server = GatewayServer(socket.socket(fileno=listener_fd), gateway)
    runtime.ready.set()
    on_ready()
    server.serve_forever()


def _set_up_logging() -> None:
    setup_logging_from_config()
    # It warns of members that a store keeps beyond those of the API's model; they are left out of the answer.
    logging.getLogger("localstack.aws.protocol.serializer").setLevel(logging.ERROR)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    ours = logging.getLogger("emulator")
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)
    ours.propagate = False


def answer_health(chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """Request handler: the one path outside AWS's APIs."""
    if context.request.path == HEALTH_PATH:
        chain.respond(200, {"services": dict.fromkeys(services(), "running")})


def _install_providers() -> None:
    conveniences.switch_off()
    bind_encryption_context()
    kms = Service.for_provider(PatchedKmsProvider())
    table = kms.skeleton.dispatch_table
    for operation in list(table):
        table[operation] = with_dry_run(operation, table[operation])
    SERVICE_PLUGINS.add_service(kms)
    SERVICE_PLUGINS.add_service(Service.for_provider(PatchedStsProvider()))
    SERVICE_PLUGINS.add_service(Service.for_provider(KeyTaggingProvider()))
    take_scalars_in_conditions()
    iam = PatchedIamProvider()
    SERVICE_PLUGINS.add_service(Service.for_provider(iam))
    identities.use_aws_managed_policies(iam._aws_managed_policy_cache)


def _load_services(gateway: Any) -> None:
    """Load now what LocalStack would load at the first call, so that the first call is as quick as the others."""
    loader = ServiceLoader(gateway.service_manager, gateway.service_request_router)
    for name in services():
        service = SERVICE_PLUGINS.require(name)
        gateway.service_request_router.add_skeleton(service.skeleton)
        loader.loaded_services.add(name)


def handle_service_exception(
    chain: HandlerChain, exception: Exception, context: RequestContext, response: Response
) -> None:
    """Exception handler in place of LocalStack's of the same name, which answers a pagination token or a template that
    it cannot read with status 500."""
    if not isinstance(exception, ServiceException):
        given = context.service_request or {}
        if isinstance(exception, ValueError) and any(given.get(member) for member in TOKENS):
            code = "InvalidMarkerException" if context.service.service_name == "kms" else "ValidationError"
            exception = CommonServiceException(code, "The pagination token is not valid.", sender_fault=True)
        elif given.get("TemplateBody"):
            exception = errors.validation("Template format error: the template cannot be read.")
    handlers.handle_service_exception(chain, exception, context, response)


def _set_handlers(gateway: Any, gate: Gate) -> None:
    """Only the handlers that an AWS call needs.

    Left out are LocalStack's internal and developer endpoints, unsigned requests treated as signed, pre-signed
    URLs, and everything for browsers and statistics.
    """
    gateway.context_class = ExternalRequestContext
    gateway.request_handlers[:] = [
        answer_health,
        read_request,
        parse_service_request,
        gate,
        gateway.service_request_router,
        EmptyResponseHandler(404, b'{"message": "Not Found"}'),
    ]
    gateway.exception_handlers[:] = [
        handlers.log_exception,
        handle_service_exception,
        handlers.handle_internal_failure,
    ]
    gateway.response_handlers[:] = [handlers.modify_service_response, add_decision_header]
    gateway.finalizers[:] = []
