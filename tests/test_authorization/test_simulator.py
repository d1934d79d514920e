"""IAM's policy simulator."""

from __future__ import annotations

from plerion_kms.authorization import simulate
from plerion_kms.authorization.decision import Source
from plerion_kms.authorization.engine import authorize, authorize_caller_side
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import Request, Resource
from test_authorization.parts import (
    HOME,
    KEY,
    OTHER,
    SESSION,
    allow,
    deny,
    key_policy,
    policy,
)


def test_the_simulator_reads_the_owner_from_the_arn_else_from_the_parameter_else_from_the_caller() -> None:
    condition = {"StringEquals": {"aws:ResourceAccount": OTHER}}
    policies = Policies(identity=(policy(PolicyKind.IDENTITY, allow(Action="*", Condition=condition)),))

    def answers(owner: str) -> list[str]:
        resources = [f"arn:aws:kms:eu-west-1:{OTHER}:key/k", KEY, "arn:aws:s3:::bucket/a:b:c:d", "*", "arn:aws:x:y:z"]
        found = simulate.simulate(SESSION, policies, ["s3:GetObject"], resources, {}, owner)
        return [each.answer.value for evaluation in found for each in evaluation.resources]

    assert answers("") == ["allowed", "implicitDeny", "implicitDeny", "implicitDeny", "implicitDeny"]
    assert answers(OTHER)[:4] == ["allowed", "implicitDeny", "allowed", "allowed"]


def test_the_simulator_shows_the_decision_and_whence_its_statements_come() -> None:
    policies = Policies(identity=(policy(PolicyKind.IDENTITY, allow()),))
    (found,) = simulate.simulate(SESSION, policies, ["kms:Decrypt"], [KEY])
    assert found.matched == (simulate.MatchedStatement(Source.IDENTITY, "identity", "statement 1"),)
    (detail,) = [each.detail for each in found.resources]
    assert detail.allowed
    assert detail.reason == "'statement 1' of identity-based policy 'identity'"


def test_the_simulator_names_keys_that_resources_read() -> None:
    statement = allow(Resource="arn:aws:kms:*:*:key/${aws:PrincipalTag/team}")
    policies = Policies(identity=(policy(PolicyKind.IDENTITY, statement, allow()),))
    assert [found.missing for found in simulate.simulate(SESSION, policies, ["kms:Decrypt"], [KEY])] == [
        ("aws:PrincipalTag/team",)
    ]


def test_the_callers_side_alone_asks_for_no_key_policy() -> None:
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    given = Policies(identity=(policy(PolicyKind.IDENTITY, allow()),), resource=key_policy(deny(Principal="*")))
    assert authorize_caller_side(request, given).allowed
    assert not authorize(request, given).allowed
