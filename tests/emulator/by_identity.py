"""Calls that only the caller's own policies decide."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.call import Call
from plerion_kms.authorization.decision import Decision
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.request import ContextValue, Request, Resource


def decide(call: Call, action: str, resource: Resource, context: Mapping[str, ContextValue]) -> Decision:
    """One permission, decided by identity policies, boundary, session policies and SCPs."""
    caller = call.resolved.caller
    request = Request(
        principal=caller.principal,
        action=action,
        resource=resource,
        context={**caller.context, "aws:RequestedRegion": call.region, **context},
    )
    return authorize(request, caller.policies())


def request_tags(call: Call) -> dict[str, ContextValue]:
    """`aws:RequestTag/*` and `aws:TagKeys` from a request's Tags and TagKeys members."""
    keys = (*call.tags, *(call.parameters.get("TagKeys") or ()))
    context: dict[str, ContextValue] = {f"aws:RequestTag/{key}": value for key, value in call.tags.items()}
    if keys:
        context["aws:TagKeys"] = keys
    return context
