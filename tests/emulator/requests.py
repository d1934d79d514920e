"""Reads a request once: which service, operation, Region and credentials it names.

AWS's clients say each of these once. A request that says one of them twice, or two that do not agree, is refused:
the gate might read one and LocalStack the other. LocalStack gets headers that are rewritten from what was read here,
and what the gate decides about is in the request's context (see `emulator.gate`), so that LocalStack derives nothing.

Source of the codes: KMS, IAM and STS API references, "Common errors"; AWS JSON protocol (`UnknownOperationException`,
`SerializationException`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import boto3
from localstack.aws import handlers
from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.chain import HandlerChain
from localstack.aws.protocol.parser import RequestParserError
from localstack.aws.spec import get_service_catalog
from localstack.http import Response
from localstack.utils.aws.arns import get_partition
from werkzeug.datastructures import Headers, MultiDict

from emulator.call import NAME_LENGTH, ExternalRequestContext, name_of
from emulator.caller import Credentials, CredentialsError, credentials
from emulator.gate import note_refusal
from emulator.http_answers import UnreadableError, body_of, malformed
from emulator.offered import OFFERED, SIGNING_NAMES, services

JSON_TYPE = re.compile(r"application/x-amz-json-1\.[01](;.*)?")
FORM_TYPE = re.compile(r"application/x-www-form-urlencoded(;.*)?")
NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What the answer, which repeats some parameters, could not hold."""
AWS_HOST = re.compile(
    r"(?:(?P<service>[a-z]+)\.)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9])\.)?amazonaws\.com(?::[0-9]+)?"
)
GLOBAL_REGION = "us-east-1"
"""IAM has no Regions; its `aws:RequestedRegion` is always this one (IAM user guide, "aws:RequestedRegion")."""


def read_request(chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """Request handler: put service, protocol, Region and credentials of a request into its context.

    LocalStack's calls to itself are made by its own clients; its own handlers read them.
    """
    if not isinstance(context, ExternalRequestContext):
        for handler in INTERNAL:
            handler(chain, context, response)
        return
    query = True
    try:
        query = not _is_json(context)
        (_read_query if query else _read_json)(context)
        _read_credentials(context)
    except UnreadableError as error:
        _name_operation(context)
        note_refusal(context, name_of(context), error.message)
        content_type, body = body_of(error, query=query)
        chain.respond(error.status, body, headers=Headers({"Content-Type": content_type}))


INTERNAL = (
    handlers.parse_service_name,
    handlers.add_region_from_header,
    handlers.rewrite_region,
    handlers.add_account_id,
)


def parse_service_request(chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """Request handler in place of LocalStack's of the same name, which answers what it cannot read with status 500."""
    service = context.service
    assert service is not None
    try:
        handlers.parse_service_request(chain, context, response)
    except RequestParserError as error:
        query = str(context.protocol) == "query"
        name = _name_operation(context)
        if name in service.operation_names:
            note_refusal(context, name_of(context), f"the request cannot be read: {error}")
            code = "ValidationError" if query else "SerializationException"
            raise CommonServiceException(code, "The request cannot be read.", sender_fault=True) from error
        note_refusal(context, f"{service.service_name}:{name}", f"unsupported: the operation {name!r}")
        code = "InvalidAction" if query else "UnknownOperationException"
        message = f"Could not find operation {name} for version {service.api_version}"
        raise CommonServiceException(code, message, sender_fault=True) from error


def _is_json(context: RequestContext) -> bool:
    headers = context.request.headers
    return "X-Amz-Target" in headers or bool(JSON_TYPE.fullmatch(headers.get("Content-Type", "").lower()))


def _read_json(context: RequestContext) -> None:
    """A call by the JSON protocol: POST of `/`, service and operation in X-Amz-Target, members in the body."""
    request = context.request
    prefix, _, operation = request.headers.get("X-Amz-Target", "").partition(".")
    name = _by_target_prefix().get(prefix)
    _check_path_and_coding(context)
    if name is None:
        text = f"The emulator does not offer {prefix[:NAME_LENGTH]}.{operation[:NAME_LENGTH]}."
        raise UnreadableError("UnsupportedOperation", 400, text)
    if request.method != "POST" or not JSON_TYPE.fullmatch(request.headers.get("Content-Type", "").lower()):
        raise UnreadableError(
            "UnknownOperationException", 404, "Send a POST request of type application/x-amz-json-1.1."
        )
    if "." in operation:
        raise UnreadableError(
            "UnknownOperationException", 400, "The header X-Amz-Target names more than one operation."
        )
    if request.query_string:
        _refuse_presigned(context, request.args)
        raise malformed("A call by the JSON protocol has no query string.")
    _set_service(context, name, "json", {"X-Amz-Target": request.headers["X-Amz-Target"]}, "application/x-amz-json-1.1")


def _read_query(context: RequestContext) -> None:
    """A call by the query protocol: GET or POST of `/`, with all parameters in the query string or all in the body."""
    request = context.request
    _check_path_and_coding(context)
    body = request.get_data()
    if request.method == "GET" and not body:
        text = request.query_string
    elif request.method == "POST":
        text = body
        if request.query_string:
            _refuse_presigned(context, request.args)
            raise malformed("A POST request's parameters are in its body; it has no query string.")
        if body and not FORM_TYPE.fullmatch(request.headers.get("Content-Type", "").lower()):
            raise malformed("Send parameters as application/x-www-form-urlencoded.")
    else:
        raise malformed("Send parameters in the query string of a GET request or the body of a POST request.")
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10_000)
    except ValueError as error:
        raise UnreadableError("MalformedQueryString", 404, "The parameters are not properly encoded.") from error
    parameters = dict(pairs)
    # The parser reads from here; the text is not parsed a second time.
    vars(request).update(values=MultiDict(parameters), args=MultiDict(), form=MultiDict())
    _refuse_presigned(context, parameters)
    if len(parameters) != len(pairs):
        raise UnreadableError("MalformedQueryString", 404, "A parameter is there more than once.")
    if any(NOT_IN_XML.search(name + value) for name, value in pairs):
        raise UnreadableError("ValidationError", 400, "A parameter holds a character that XML does not have.")
    if "Action" not in parameters:
        raise UnreadableError("MissingAction", 400, "Missing Action")
    name = _by_version().get(parameters.get("Version", ""))
    if name is None:
        action, version = parameters["Action"][:NAME_LENGTH], parameters.get("Version", "")[:NAME_LENGTH]
        raise UnreadableError(
            "UnsupportedOperation", 400, f"The emulator does not offer {action} of version {version!r}."
        )
    _set_service(context, name, "query", {}, "application/x-www-form-urlencoded")


def _check_path_and_coding(context: RequestContext) -> None:
    headers = context.request.headers
    if context.request.path != "/":
        raise UnreadableError("UnknownOperationException", 404, "AWS's services are at the path / of this endpoint.")
    if "Content-Encoding" in headers or headers.get("X-Amz-Content-Sha256", "").startswith("STREAMING-"):
        raise malformed("Send the body of a call neither compressed nor in signed chunks.")


def _refuse_presigned(context: RequestContext, names: Iterable[str]) -> None:
    """Signatures in the query string are not offered; next to an Authorization header they are ambiguous."""
    if not any(name.lower().startswith("x-amz-") for name in names):
        return
    if "Authorization" in context.request.headers:
        raise malformed("Sign in the Authorization header alone, not in the query string too.")
    json = _is_json(context)
    code, status = ("MissingAuthenticationTokenException", 400) if json else ("MissingAuthenticationToken", 403)
    raise UnreadableError(code, status, "Sign in the Authorization header: the emulator reads no signed query string.")


def _set_service(context: RequestContext, name: str, protocol: str, headers: dict[str, str], content_type: str) -> None:
    """Keep the headers that can be read in one way only, and rewrite the others."""
    given = context.request.headers
    kept = {name: given[name] for name in ("Authorization", "X-Amz-Security-Token", "User-Agent") if name in given}
    host = given.get("Host", "")
    context.request.headers.clear()
    context.request.headers.update(kept | headers | {"Content-Type": content_type, "Host": "localhost"})
    context.service = get_service_catalog().get(name)
    context.protocol = protocol
    context.named_host = host


def _read_credentials(context: RequestContext) -> None:
    """Region and access key, from the Authorization header alone. An unsigned call has neither; the gate refuses it,
    unless it is one of the two that are made without credentials."""
    service = str(context.service.service_name) if context.service else ""
    headers = context.request.headers
    context.credentials, context.region, context.account_id = None, GLOBAL_REGION, "0" * 12
    try:
        given = credentials(headers)
    except CredentialsError as error:
        context.credentials = error
        headers.pop("Authorization", None)
    else:
        _check_scope(context, service, given)
        context.credentials = given
        context.region = GLOBAL_REGION if service == "iam" else given.region
        # For a run without enforcement; otherwise the gate puts the resolved caller's account here.
        context.account_id = get_account_id_from_access_key_id(given.access_key_id)
        headers["Authorization"] = given.as_header()
    context.partition = get_partition(context.region)


def _check_scope(context: RequestContext, service: str, given: Credentials) -> None:
    """Refuse a request that is sent to another service or Region than it is signed for."""
    query = str(context.protocol) == "query"
    code, status = ("SignatureDoesNotMatch", 403) if query else ("InvalidSignatureException", 400)
    host = AWS_HOST.fullmatch(context.named_host.lower())
    named = (host["service"], host["region"]) if host else (None, None)
    if given.service != SIGNING_NAMES[service] or named[0] not in (None, given.service):
        raise UnreadableError(
            code, status, f"Credential should be scoped to correct service: '{SIGNING_NAMES[service]}'."
        )
    if given.region not in _regions() or named[1] not in (None, given.region):
        raise UnreadableError(code, status, f"Credential should be scoped to a valid Region, not '{given.region}'.")


@cache
def _regions() -> frozenset[str]:
    """The Regions of the partition `aws`. LocalStack treats those of other partitions as us-east-1."""
    return frozenset(boto3.Session().get_available_regions("kms", "aws"))


@cache
def _by_target_prefix() -> dict[str, str]:
    return {model.metadata["targetPrefix"]: name for name, model in _models().items() if model.protocol == "json"}


@cache
def _by_version() -> dict[str, str]:
    return {model.api_version: name for name, model in _models().items() if model.protocol == "query"}


def _models() -> dict[str, Any]:
    """The models of the services that this emulator was started with."""
    return {name: get_service_catalog().get(name) for name in services() if name in OFFERED}


def _name_operation(context: RequestContext) -> str:
    """The operation that the request asks for, as it names it. LocalStack needs an operation to put an error into the
    protocol's form: the one named, or any."""
    service = context.service
    if service is None:
        return ""
    target = context.request.headers.get("X-Amz-Target")
    name = str(target.rpartition(".")[2] if target else context.request.values.get("Action", ""))
    context.operation = service.operation_model(name if name in service.operation_names else service.operation_names[0])
    return name[:NAME_LENGTH]
