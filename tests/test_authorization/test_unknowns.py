"""What AWS has not published: each constant is one switch, which changes the answer or its text."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import Request, Resource
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
CROSS_ACCOUNT = Request(GUEST, "kms:Decrypt", Resource(KEY, HOME, {"team": ""}))
CHOSEN_TO_ALLOW = ("RESOURCE_TAGS_ACROSS_ACCOUNTS", "STAR_PRINCIPAL_IGNORES_BOUNDARY")
"""The guide relies on these two."""
EXEMPT = deny(NotPrincipal={"AWS": [HOME, ROLE]})

UNRESOLVED = policy(
    PolicyKind.IDENTITY,
    {"Effect": "Allow", "Action": "kms:*", "NotResource": "arn:aws:kms:*:*:key/${aws:PrincipalTag/Absent}"},
)


def tagged(operator: str, value: str) -> Policy:
    return policy(PolicyKind.IDENTITY, allow(Condition={operator: {"aws:ResourceTag/team": value}}))


@pytest.mark.parametrize(
    ("name", "request_", "policies"),
    [
        (
            "RESOURCE_TAGS_ACROSS_ACCOUNTS",
            CROSS_ACCOUNT,
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
            "CROSS_ACCOUNT_GRANT_NEEDS_IDENTITY_POLICY",
            CROSS_ACCOUNT,
            Policies(resource=key_policy(DELEGATION), grants=(replace(GRANT, grantee=GUEST.issuer_arn),)),
        ),
        (
            "STAR_PRINCIPAL_COVERS_SERVICES",
            replace(DECRYPT, principal=SERVICE),
            Policies(resource=key_policy(allow(Principal="*"))),
        ),
        (
            "EMPTY_STRING_IS_PRESENT",
            CROSS_ACCOUNT,
            Policies(identity=(tagged("Null", "true"),), resource=key_policy(allow(Principal="*"))),
        ),
        (
            "NOT_PRINCIPAL_NEEDS_EVERY_LEVEL",
            DECRYPT,
            Policies(identity=(OPEN,), resource=key_policy(allow(Principal="*"), EXEMPT)),
        ),
        (
            "STAR_PRINCIPAL_IGNORES_BOUNDARY",
            DECRYPT,
            Policies(boundary=CLOSED[PolicyKind.BOUNDARY], resource=key_policy(allow(Principal="*"))),
        ),
        (
            "UNRESOLVED_NOT_RESOURCE_ALLOWS",
            DECRYPT,
            Policies(identity=(UNRESOLVED,), resource=key_policy(DELEGATION)),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_unknown_is_one_switch(
    name: str, request_: Request, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = getattr(unknowns, name)
    before = authorize(request_, policies).allowed
    assert before is (name in CHOSEN_TO_ALLOW)
    monkeypatch.setattr(unknowns, name, not chosen)
    assert authorize(request_, policies).allowed is not before


def test_a_star_with_the_callers_arn_is_never_limited_by_a_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS documents that one, whatever the switch says of other conditions."""
    monkeypatch.setattr(unknowns, "STAR_PRINCIPAL_IGNORES_BOUNDARY", False)
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    policies = Policies(
        boundary=CLOSED[PolicyKind.BOUNDARY], resource=key_policy(allow(Principal="*", Condition=condition))
    )
    assert authorize(DECRYPT, policies).allowed


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (allow(Principal={"AWS": SESSION.arn}), True),
        (allow(Principal="*", Condition={"StringEquals": {"aws:PrincipalAccount": HOME}}), False),
        # Nothing depends on what is unsupported, since the boundary does not allow.
        (allow(Principal="*", Condition={"StringEquals": {"strange:Key": "x"}}), False),
    ],
    ids=["the session", "a star", "unsupported"],
)
def test_with_a_star_that_a_boundary_limits_only_stars_are_limited(
    statement: dict[str, Any], allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknowns, "STAR_PRINCIPAL_IGNORES_BOUNDARY", False)
    policies = Policies(boundary=CLOSED[PolicyKind.BOUNDARY], resource=key_policy(statement))
    decision = authorize(DECRYPT, policies)
    assert (decision.allowed, decision.unsupported) == (allowed, ())


SCP_ARN = f"arn:aws:organizations::{HOME}:policy/o-example/service_control_policy/p-example"
DENIED = "with an explicit deny in a"


def denied_by_scp(name: str) -> str:
    text = json.dumps({"Statement": [allow(Action="*"), deny()]})
    scp = parse_policy(text, PolicyKind.SERVICE_CONTROL, name)
    error = authorize(DECRYPT, Policies(identity=(OPEN,), service_control=((scp,),))).error
    assert error is not None
    return error.message.partition(DENIED)[2]


def test_the_arn_of_a_policy_that_denies_is_shown_for_the_kinds_that_aws_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert denied_by_scp(SCP_ARN) == f" service control policy: {SCP_ARN}"
    assert denied_by_scp("not an ARN") == " service control policy"
    monkeypatch.setattr(unknowns, "POLICY_ARNS_IN_DENIALS", ())
    assert denied_by_scp(SCP_ARN) == " service control policy"


def test_the_arn_of_other_policies_that_deny_is_shown_once_they_are_among_the_kinds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arn = f"arn:aws:iam::{HOME}:policy/Fence"
    closed = parse_policy(json.dumps({"Statement": deny()}), PolicyKind.IDENTITY, arn)
    policies = Policies(identity=(OPEN, closed), resource=key_policy(DELEGATION))
    before = authorize(DECRYPT, policies).error
    monkeypatch.setattr(unknowns, "POLICY_ARNS_IN_DENIALS", ("identity-based policy",))
    after = authorize(DECRYPT, policies).error
    assert before is not None
    assert after is not None
    assert before.message.endswith(f"{DENIED}n identity-based policy")
    assert after.message == f"{before.message}: {arn}"
