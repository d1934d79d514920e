"""Reading a request: what no protocol of AWS's can read, and operations that a service does not have, are refused.

LocalStack answers both with status 500 and does not say which operation was asked for. Source of the codes: AWS JSON
protocol (`UnknownOperationException`, `SerializationException`); IAM and STS API references, "Common errors"
(`InvalidAction`, `ValidationError`).
"""

from __future__ import annotations

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.chain import HandlerChain
from localstack.aws.protocol.parser import RequestParserError
from localstack.http import Response

from emulator.gateway import note_refusal

NAME_LENGTH = 100


def parse_service_request(chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """Request handler in place of LocalStack's of the same name. Raises the errors named above."""
    service = context.service
    if service is None:
        reason = "The request does not name an AWS service that the emulator offers."
        note_refusal(context, context.request.path[:NAME_LENGTH], reason)
        chain.respond(403, {"__type": "AccessDeniedException", "message": reason})
        return
    try:
        handlers.parse_service_request(chain, context, response)
    except RequestParserError as error:
        query = str(context.protocol or service.protocol) == "query"
        name = _operation(context)
        # Any operation will do: LocalStack needs one to put an error into the protocol's form.
        context.operation = service.operation_model(service.operation_names[0])
        if name in service.operation_names:
            note_refusal(context, f"{service.service_name}:{name}", f"the request cannot be read: {error}")
            code = "ValidationError" if query else "SerializationException"
            raise CommonServiceException(code, "The request cannot be read.", sender_fault=True) from error
        note_refusal(context, f"{service.service_name}:{name}", f"not understood: the operation {name!r}")
        code = "InvalidAction" if query else "UnknownOperationException"
        message = f"Could not find operation {name} for version {service.api_version}"
        raise CommonServiceException(code, message, sender_fault=True) from error


def _operation(context: RequestContext) -> str:
    """The operation that the request asks for, as it names it."""
    target = context.request.headers.get("X-Amz-Target")
    name = target.rpartition(".")[2] if target else context.request.values.get("Action")
    return str(name or "")[:NAME_LENGTH]
