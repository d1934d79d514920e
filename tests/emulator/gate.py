"""The gate in LocalStack's gateway: every call is resolved, decided and only then forwarded.

It runs after the request is parsed and before it is routed to a service. Whatever goes wrong in it refuses the call.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from dataclasses import dataclass

from localstack.aws.api import RequestContext, ServiceException
from localstack.aws.chain import HandlerChain
from localstack.http import Response

from emulator import caller as callers
from emulator import decision_header, errors, limits, members, offered
from emulator.call import Call, ExternalRequestContext, name_of
from emulator.caller import CredentialsError, Problem, ResolvedCaller
from emulator.decision_header import Explanation
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

LINE_LIMIT = 4000
"""Characters of a line in the log."""


def _nothing(call: Call) -> None:
    """For services that need nothing beyond the decision."""


@dataclass(frozen=True, slots=True)
class Service:
    """How the gate treats a service: before the decision, the decision, and after it if the call is allowed."""

    authorize: Callable[[Call], Decision]
    prepare: Callable[[Call], None] = _nothing
    forward: Callable[[Call], None] = _nothing


def _authorize_stack(call: Call) -> Decision:
    # What reads templates takes a fifth of the emulator's start, so it is imported only for a call of CloudFormation's.
    from emulator.cloudformation import authorizer

    return authorizer.authorize(call)


def _check_stack(call: Call) -> None:
    from emulator.cloudformation import authorizer

    authorizer.check_stack(call)


SERVICES: dict[str, Service] = {
    "kms": Service(kms.authorize, kms.prepare, kms.forward_to_owner),
    "sts": Service(sts.authorize, sts.prepare),
    "iam": Service(iam.authorize, iam.prepare, iam_quotas.check),
    "resourcegroupstaggingapi": Service(tagging.authorize),
    "cloudformation": Service(_authorize_stack, forward=_check_stack),
}

_outer_caller: contextvars.ContextVar[ResolvedCaller | None] = contextvars.ContextVar("outer_caller", default=None)


class Gate:
    """The request handler. enforce: False resolves and patches as always but authorizes nothing."""

    def __init__(self, *, enforce: bool) -> None:
        self._enforce = enforce

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        assert context.service is not None
        assert context.operation is not None
        protocol = str(context.protocol or context.service.protocol)
        what = name_of(context)
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
            service.forward(call)
        except CredentialsError as error:
            note_refusal(context, what, str(error))
            raise errors.bad_credentials(error.problem, protocol) from error
        except ServiceException as error:
            if not hasattr(context, "decision"):
                reason = f"{getattr(error, 'code', type(error).__name__)}: {error.message}"
                context.decision = Explanation(False, "", reason)
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

    def _resolved(self, context: RequestContext) -> ResolvedCaller:
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
                return ResolvedCaller(Caller(Principal(PrincipalType.ANONYMOUS, ""), context=_connection(context)))
            if self._enforce:
                raise
            resolved = ResolvedCaller(callers.root(context.account_id, _connection(context)))
        _outer_caller.set(resolved)
        return resolved

    def _inner_caller(self, context: RequestContext) -> ResolvedCaller:
        """The caller that triggered a call of LocalStack's to itself, which may act in that caller's account alone."""
        outer = _outer_caller.get()
        if not self._enforce:
            return outer or ResolvedCaller(callers.root(context.account_id, {}))
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
    context.account_id = call.caller_account or context.account_id


def _authorize(call: Call, service: Service) -> None:
    decision = service.authorize(call)
    call.context.decision = Explanation.of(decision)
    if decision.allowed:
        return
    by = f" by {call.resolved.caller.principal.arn or 'an unsigned caller'}"
    _log_refusal(f"{name_of(call.context)}{by}", decision.reason, explain(decision))
    assert decision.error is not None
    raise errors.from_decision(decision.error)


def add_decision_header(chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """Response handler: say in a header how the gate decided and why, on errors as on successes."""
    explanation = context.get("decision")
    if explanation is not None:
        response.headers.update(decision_header.write(explanation))


def _connection(context: RequestContext) -> dict[str, ContextValue]:
    # Clients reach AWS by TLS; that they reach this endpoint without it must not decide anything.
    found: dict[str, ContextValue] = {"aws:SourceIp": context.request.remote_addr or "", "aws:SecureTransport": "true"}
    agent = context.request.headers.get("User-Agent")
    if agent:
        found["aws:UserAgent"] = agent
    return found


def note_refusal(context: RequestContext, what: str, reason: str) -> None:
    """Say in the answer's header and in the log that a call is refused without a decision, and why."""
    context.decision = Explanation(False, "", reason)
    _log_refusal(what, reason)


def _log_refusal(what: str, reason: str, explanation: str = "") -> None:
    """One line in the log. explanation: as `explain` gives it; its first line repeats the reason."""
    lines = [reason, *(line.strip() for line in explanation.splitlines()[1:] if line.strip())]
    LOG.info("%s", _one_line(f"refused {what}: {' | '.join(lines)}"))


def _one_line(text: str) -> str:
    """The text without line breaks and other control characters, and not too long: a client must not be able to forge
    a line of the log."""
    printable = "".join(character if character.isprintable() else " " for character in text[:LINE_LIMIT])
    return " ".join(printable.split())
