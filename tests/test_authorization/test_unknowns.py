"""What nobody outside AWS knows: each is one switch, which changes the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authorization import unknowns
from authorization.documents import Policy, PolicyKind
from authorization.engine import authorize
from authorization.policies import Policies
from authorization.request import Request, Resource
from test_authorization.parts import (
    CLOSED,
    DELEGATION,
    GRANT,
    GUEST,
    HOME,
    KEY,
    OPEN,
    ROLE,
    SERVICE,
    SESSION,
    allow,
    deny,
    key_policy,
    policy,
)

DECRYPT = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME, {}))
FOREIGN = Request(GUEST, "kms:Decrypt", Resource(KEY, HOME, {"team": ""}))
SPARED = deny(NotPrincipal={"AWS": [HOME, ROLE]})


def tagged(operator: str, value: str) -> Policy:
    return policy(PolicyKind.IDENTITY, allow(Condition={operator: {"aws:ResourceTag/team": value}}))


@pytest.mark.parametrize(
    ("name", "request_", "policies"),
    [
        (
            "RESOURCE_TAGS_ACROSS_ACCOUNTS",
            FOREIGN,
            Policies(identity=(tagged("StringEquals", ""),), resource=key_policy(allow(Principal="*"))),
        ),
        (
            "SESSION_POLICY_LIMITS_GRANTS",
            DECRYPT,
            Policies(resource=key_policy(DELEGATION), grants=(GRANT,), session=(CLOSED[PolicyKind.SESSION],)),
        ),
        (
            "BOUNDARY_LIMITS_GRANTS",
            DECRYPT,
            Policies(resource=key_policy(DELEGATION), grants=(GRANT,), boundary=CLOSED[PolicyKind.BOUNDARY]),
        ),
        (
            "FOREIGN_GRANT_NEEDS_IDENTITY_POLICY",
            FOREIGN,
            Policies(resource=key_policy(DELEGATION), grants=(replace(GRANT, grantee=GUEST.issuer_arn),)),
        ),
        (
            "STAR_PRINCIPAL_COVERS_SERVICES",
            replace(DECRYPT, principal=SERVICE),
            Policies(resource=key_policy(allow(Principal="*"))),
        ),
        (
            "EMPTY_STRING_IS_PRESENT",
            FOREIGN,
            Policies(identity=(tagged("Null", "true"),), resource=key_policy(allow(Principal="*"))),
        ),
        (
            "NOT_PRINCIPAL_NEEDS_EVERY_LEVEL",
            DECRYPT,
            Policies(identity=(OPEN,), resource=key_policy(allow(Principal="*"), SPARED)),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_unknown_is_one_switch(
    name: str, request_: Request, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = getattr(unknowns, name)
    before = authorize(request_, policies).allowed
    assert before is (name == "RESOURCE_TAGS_ACROSS_ACCOUNTS")
    monkeypatch.setattr(unknowns, name, not chosen)
    assert authorize(request_, policies).allowed is not before
