"""A request that is allowed, but for a hostile document somewhere among its policies."""

from __future__ import annotations

import json
from typing import Any

from plerion_kms.authorization import validation
from plerion_kms.authorization.documents import parse_policy
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.explain import explain
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import Principal, PrincipalType, Request, Resource
from test_authorization.parts import HOME, ROLE

KEY_ID = "11111111-aaaa-4aaa-8aaa-111111111111"
KEY = f"arn:aws:kms:eu-west-1:{HOME}:key/{KEY_ID}"
CALLER = Principal(PrincipalType.ROLE_SESSION, f"arn:aws:sts::{HOME}:assumed-role/Scan/x", HOME, ROLE)
REQUEST = Request(CALLER, "kms:Decrypt", Resource(KEY, HOME, {}), {"aws:CurrentTime": "2026-11-24T10:00:00Z"})
DELEGATION = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "kms:*", "Resource": "*"}}
)
ALLOW = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}'
KEY_ALLOW = ALLOW.replace('"Action"', '"Principal": "*", "Action"')


def policies(text: Any, place: PolicyKind) -> Policies:
    """Policies that allow REQUEST, but for the document in one place."""
    given = {PolicyKind.IDENTITY: ALLOW, PolicyKind.KEY: DELEGATION, place: text}

    def parsed(kind: PolicyKind) -> Any:
        return parse_policy(given[kind], kind, kind.value)

    return Policies(
        identity=(parsed(PolicyKind.IDENTITY),),
        resource=parsed(PolicyKind.KEY),
        boundary=parsed(PolicyKind.BOUNDARY) if place is PolicyKind.BOUNDARY else None,
        session=(parsed(PolicyKind.SESSION),) if place is PolicyKind.SESSION else None,
        service_control=((parsed(place),),) if place is PolicyKind.SERVICE_CONTROL else (),
        resource_control=((parsed(place),),) if place is PolicyKind.RESOURCE_CONTROL else (),
        endpoint=parsed(place) if place is PolicyKind.ENDPOINT else None,
    )


PLACES = [kind for kind in PolicyKind if kind is not PolicyKind.TRUST]


def refused(text: Any, place: PolicyKind) -> str:
    """That a document in that place refuses, and says why in text that can be printed; the reason."""
    decision = authorize(REQUEST, policies(text, place))
    assert not decision.allowed, explain(decision)
    explain(decision).encode()
    assert decision.error is not None
    decision.error.message.encode()
    return decision.reason


def validated(text: Any) -> None:
    """That validation accepts or rejects a document, whatever it is, and says why in text that can be printed."""
    for error in (
        validation.validate_key_policy(text, lambda _: True),
        validation.validate_identity_policy(text),
        validation.validate_trust_policy(text, lambda _: True),
        validation.validate_session_policy(text),
    ):
        if error is not None:
            assert error.message
            error.message.encode()
