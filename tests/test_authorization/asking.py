"""Puts a situation to the engine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from plerion_kms.authorization.decision import Decision
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Grant, Policies
from plerion_kms.authorization.request import Principal, PrincipalType, Request, Resource
from test_authorization.situation import Situation


def ask(s: Situation) -> Decision:
    """The engine's decision."""
    return authorize(request_of(s), policies_of(s))


def request_of(s: Situation) -> Request:
    """The request, as the engine takes it."""
    caller = Principal(
        PrincipalType(s.caller.kind),
        s.caller.arn,
        s.caller.account,
        s.caller.issuer,
        user_id=f"ID{s.caller.kind.upper()}",
        tags=s.caller.tags,
    )
    context = {key: tuple(value) if isinstance(value, list) else value for key, value in s.context.items()}
    return Request(caller, s.action, Resource(s.key_arn, s.key_account, s.key_tags), context)


def policies_of(s: Situation) -> Policies:
    """The policies, as the engine takes them."""
    return Policies(
        identity=tuple(_compile(s.identity, PolicyKind.IDENTITY)),
        boundary=_one(s.boundary, PolicyKind.BOUNDARY),
        session=None if s.session is None else tuple(_compile([s.session], PolicyKind.SESSION)),
        resource=_one(s.key_policy, PolicyKind.KEY),
        grants=tuple(
            Grant(f"grant-{number}", s.key_arn, g.grantee, tuple(g.operations), g.issued_by, "", g.equals, g.subset)
            for number, g in enumerate(s.grants)
        ),
        service_control=tuple(tuple(_compile(level, PolicyKind.SERVICE_CONTROL)) for level in s.service_control),
        resource_control=tuple(tuple(_compile(level, PolicyKind.RESOURCE_CONTROL)) for level in s.resource_control),
        endpoint=_one(s.endpoint, PolicyKind.ENDPOINT),
    )


def _one(policy: Any, kind: PolicyKind) -> Policy | None:
    return None if policy is None else next(iter(_compile([policy], kind)))


def _compile(policies: Iterable[Any], kind: PolicyKind) -> Iterable[Policy]:
    """A policy may be given as its text, too."""
    for policy in policies:
        yield parse_policy(policy if isinstance(policy, str) else json.dumps(policy), kind, kind.value)
