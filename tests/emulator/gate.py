"""The gate in LocalStack's gateway: every call is resolved, decided and only then passed on.

It runs after the request is parsed and before it is routed to a service. Whatever goes wrong in it refuses the call.
"""

from __future__ import annotations

import contextvars
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from localstack.aws.api import RequestContext, ServiceException
from localstack.aws.chain import HandlerChain
from localstack.http import Response

from emulator import caller as callers
from emulator import errors, limits, members, offered
from emulator.call import Call, ExternalRequestContext
from emulator.caller import CredentialsError, Problem, Resolved
from emulator.iam import authorizer as iam
from emulator.iam import quotas as iam_quotas
from emulator.kms import authorizer as kms
from emulator.sts import authorizer as sts
from emulator.tagging import authorizer as tagging
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.decision import Decision
from plerion_kms.authorization.explain import explain
from plerion_kms.authorization.request import ContextValue, Principal, PrincipalType

LOG = logging.getLogger("emulator")

DECISION_HEADER = "x-plerion-kms-decision"
EXPLANATION_HEADER = "x-plerion-kms-explanation"
HEADER_LIMIT = 4000
HEADER_UNSAFE = re.compile(r"[^ -$&-\[\]-~]")
"""What a header cannot hold as it is, and the percent sign that stands for such."""


def _nothing(call: Call) -> None:
    """For services that need nothing beyond the decision."""


@dataclass(frozen=True, slots=True)
class Service:
    """How the gate treats a service: before the decision, the decision, and after it, when the call is allowed."""

    authorize: Callable[[Call], Decision]
    prepare: Callable[[Call], None] = _nothing
    hand_over: Callable[[Call], None] = _nothing


def _authorize_stack(call: Call) -> Decision:
    # What reads templates takes a fifth of the emulator's start, so it is imported only for a call of CloudFormation's.
    from emulator.cloudformation import authorizer

    return authorizer.authorize(call)


def _hand_over_stack(call: Call) -> None:
    from emulator.cloudformation import authorizer

    authorizer.hand_over(call)


SERVICES: dict[str, Service] = {
    "kms": Service(kms.authorize, kms.prepare, kms.hand_over),
    "sts": Service(sts.authorize, sts.prepare),
    "iam": Service(iam.authorize, iam.prepare, iam_quotas.check),
    "resourcegroupstaggingapi": Service(tagging.authorize),
    "cloudformation": Service(_authorize_stack, hand_over=_hand_over_stack),
}

_outer_caller: contextvars.ContextVar[Resolved | None] = contextvars.ContextVar("outer_caller", default=None)


class Gate:
    """The request handler. enforce: False resolves and mends as always but authorizes nothing."""

    def __init__(self, *, enforce: bool) -> None:
        self._enforce = enforce

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        assert context.service is not None
        assert context.operation is not None
        protocol = str(context.protocol or context.service.protocol)
        what = f"{context.service.service_name}:{context.operation.name}"
        try:
            call = self._call(context)
            service = SERVICES[call.service]
            offered.check_operation(call.service, call.operation)
            limits.check(context.operation, call.parameters, protocol)
            members.check(context)
            service.prepare(call)
            if self._enforce:
                _authorize(call, service)
            offered.check_parameters(call.service, call.operation, call.parameters)
            _bind(call)
            service.hand_over(call)
        except CredentialsError as error:
            note_refusal(context, what, str(error))
            raise errors.bad_credentials(error.problem, protocol) from error
        except ServiceException as error:
            if not hasattr(context, "decision"):
                _note(context, f"error; {getattr(error, 'code', type(error).__name__)}: {error.message}")
            raise
        except Exception as error:
            note_refusal(context, what, f"no decision could be made: {type(error).__name__}: {error}")
            LOG.debug("while deciding %s", what, exc_info=True)
            raise errors.access_denied(
                f"No decision could be made about {what}; see the emulator's log.", protocol
            ) from error

    def _call(self, context: RequestContext) -> Call:
        assert context.service is not None
        assert context.operation is not None
        call = Call(
            context=context,
            service=context.service.service_name,
            operation=context.operation.name,
            parameters=context.service_request if context.service_request is not None else {},
            region=context.region,
            resolved=self._resolved(context),
        )
        context.service_request = call.parameters
        context.call = call
        return call

    def _resolved(self, context: RequestContext) -> Resolved:
        if not isinstance(context, ExternalRequestContext):
            return self._inner_caller(context)
        _outer_caller.set(None)
        try:
            if isinstance(context.credentials, CredentialsError):
                raise context.credentials
            resolved = callers.resolve(context.credentials, _connection(context))
        except CredentialsError as error:
            assert context.operation is not None
            if error.problem is Problem.MISSING and context.operation.name in sts.UNSIGNED_OPERATIONS:
                return Resolved(Caller(Principal(PrincipalType.ANONYMOUS, ""), context=_connection(context)))
            if self._enforce:
                raise
            resolved = Resolved(callers.root(context.account_id, _connection(context)))
        _outer_caller.set(resolved)
        return resolved

    def _inner_caller(self, context: RequestContext) -> Resolved:
        """Who a call of LocalStack's to itself is made for. It may act in that caller's account alone."""
        outer = _outer_caller.get()
        if not self._enforce:
            return outer or Resolved(callers.root(context.account_id, {}))
        if outer is None:
            raise LookupError("LocalStack called itself without a request from outside")
        account = outer.caller.principal.account
        if account != context.account_id:
            raise LookupError(f"LocalStack called itself in {context.account_id} for a caller of {account}")
        return outer


def _bind(call: Call) -> None:
    """The provider acts for the account and in the Region that were decided. For KMS the account of the key follows
    (see `emulator.kms.authorizer`)."""
    context = call.context
    context.region = call.region
    context.account_id = call.account or context.account_id


def _authorize(call: Call, service: Service) -> None:
    decision = service.authorize(call)
    if decision.allowed:
        # Without the statements that nearly decided: most calls are allowed, and their reason says enough.
        _note(call.context, f"allowed; {decision.reason}")
        return
    what = f"{call.service}:{call.operation}"
    note_refusal(call.context, what, decision.reason, call.resolved.caller, explain(decision))
    assert decision.error is not None
    raise errors.from_decision(decision.error)


def add_decision_header(chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """Response handler: say in headers how the gate decided and why, on errors as on successes."""
    decision = context.get("decision")
    if decision is not None:
        line, explanation = decision
        response.headers[DECISION_HEADER] = _header(line)
        response.headers[EXPLANATION_HEADER] = _header(explanation)


def _connection(context: RequestContext) -> dict[str, ContextValue]:
    # AWS's endpoints are reached by TLS; that this one is not should not decide anything.
    found: dict[str, ContextValue] = {"aws:SourceIp": context.request.remote_addr or "", "aws:SecureTransport": "true"}
    agent = context.request.headers.get("User-Agent")
    if agent:
        found["aws:UserAgent"] = agent
    return found


def _note(context: RequestContext, line: str, explanation: str = "") -> None:
    context.decision = (line, explanation or line)


def note_refusal(
    context: RequestContext, what: str, reason: str, caller: Caller | None = None, explanation: str = ""
) -> None:
    """Say in the answer's headers and in the log that a call is refused, and why."""
    _note(context, f"refused; {reason}", explanation)
    by = f" by {caller.principal.arn or 'an unsigned caller'}" if caller else ""
    more = " | ".join(line.strip() for line in explanation.splitlines()[1:] if line.strip())
    LOG.info("%s", _one_line(f"refused {what}{by}: {reason}{f' | {more}' if more else ''}"))


def _one_line(text: str) -> str:
    """The text without line breaks and other control characters, and no longer than a reader follows: what a client
    sends must not make a line of the log that looks like the gate's."""
    printable = "".join(character if character.isprintable() else " " for character in text[:HEADER_LIMIT])
    return " ".join(printable.split())


def _header(text: str) -> str:
    # Only what has to be: quoting a whole text takes longer than many a decision.
    return HEADER_UNSAFE.sub(lambda match: quote(match[0], safe=""), text[:HEADER_LIMIT])
