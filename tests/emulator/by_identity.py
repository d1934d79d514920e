"""Calls that only the caller's own policies decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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


def first_refusal(decisions: Iterable[Decision]) -> Decision:
    """Of the decisions about all permissions that a call needs: the first refusal, else the last allow."""
    answer: Decision | None = None
    for answer in decisions:
        if not answer.allowed:
            break
    assert answer is not None
    return answer


def request_tags(parameters: Mapping[str, Any]) -> dict[str, ContextValue]:
    """`aws:RequestTag/*` and `aws:TagKeys` from a request's Tags and TagKeys members."""
    tags = {tag["Key"]: tag["Value"] for tag in parameters.get("Tags") or ()}
    keys = (*tags, *(parameters.get("TagKeys") or ()))
    context: dict[str, ContextValue] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if keys:
        context["aws:TagKeys"] = keys
    return context
