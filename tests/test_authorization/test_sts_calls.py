"""Calls of STS, and the tags of sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.authorization import sts
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.decision import AwsError, Decision, Source
from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.session_tags import session_principal_tags, validate_session_tags
from test_authorization.parts import (
    HOME,
    ROLE,
    ROOT,
    SESSION,
    allow,
    deny,
    policy,
    tag,
)

# Session tags


def test_tags_of_a_session_override_the_roles_case_insensitively() -> None:
    assert session_principal_tags(
        {"Team": "role", "Cost": "role", "Unit": "role"}, {"TEAM": "passed", "Site": "passed"}, {"site": "transitive"}
    ) == {"Cost": "role", "Unit": "role", "TEAM": "passed", "site": "transitive"}


@pytest.mark.parametrize(
    ("tags", "transitive", "error"),
    [
        ([tag(str(i)) for i in range(50)], [], None),
        (
            [tag(str(i)) for i in range(51)],
            [],
            "ValidationError 400: 1 validation error detected: a session has at most 50",
        ),
        ([tag("k")], [], None),
        ([tag("k" * 128)], [], None),
        ([tag("k" * 129)], [], "ValidationError 400: 1 validation error detected: a tag key has 1 to 128 characters"),
        ([tag("")], [], "ValidationError 400: 1 validation error detected: a tag key has 1 to 128 characters"),
        ([tag("k")], ["K"], None),
        ([tag("k", "v" * 256)], [], None),
        ([tag("k", "v" * 257)], [], "ValidationError 400: 1 validation error detected: a tag value has at most 256"),
        ([tag("k"), tag("K")], [], "InvalidParameterValue 400: Duplicate tag keys found."),
        ([tag("Handed")], [], "InvalidParameterValue 400: One of the specified transitive tag keys can't be set"),
        ([tag("k")], ["x"], "InvalidParameterValue 400: The specified transitive tag key must be included in"),
        ([], ["HANDED"], None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_limits_of_session_tags(tags: list[dict[str, str]], transitive: list[str], error: str | None) -> None:
    found = validate_session_tags({"Tags": tags, "TransitiveTagKeys": transitive}, {"handed": "on"})
    shown = None if found is None else f"{found.code} {found.status}: {found.message}"
    assert shown == error or (shown and error and shown.startswith(error))


# STS


def test_a_call_that_is_unsupported_names_its_role_and_its_operation() -> None:
    caller = Caller(SESSION)
    decision = sts.authorize_call(caller, sts.StsCall("AssumeRoot", {"RoleArn": ROLE}))
    assert decision.error is not None
    assert f"is not authorized to perform: sts:AssumeRoot on resource: {ROLE} because" in decision.error.message
    decision = sts.authorize_call(caller, sts.StsCall("AssumeRoot", {}))
    assert decision.error is not None
    assert "on resource: * because this is unsupported: the STS operation 'AssumeRoot'" in decision.error.message


def test_a_role_that_is_not_given_by_its_arn_is_an_invalid_request() -> None:
    for arn in ("Scanner", ROLE.replace(":role/", ":user/")):
        decision = sts.authorize_call(Caller(SESSION), sts.StsCall("AssumeRole", {"RoleArn": arn}))
        assert (decision.allowed, decision.source, decision.reason) == (False, Source.REQUEST, f"{arn} is invalid")
        assert decision.error == AwsError("ValidationError", 400, f"{arn} is invalid")


def test_a_federated_user_without_a_name_has_none_in_its_arn() -> None:
    decision = sts.authorize_call(Caller(SESSION), sts.StsCall("GetFederationToken", {}))
    assert decision.error is not None
    assert decision.error.message.endswith(f"on resource: arn:aws:sts::{HOME}:federated-user/")


TRUST = policy(
    PolicyKind.TRUST,
    {
        "Effect": "Allow",
        "Principal": {"AWS": HOME},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    },
)
TARGET = sts.Role(f"arn:aws:iam::{HOME}:role/Target", TRUST)


def assume(
    parameters: dict[str, Any], *, identity: Policy | None = None, role: sts.Role | None = TARGET, **caller: Any
) -> Decision:
    """AssumeRole by a session that may do everything, or what `identity` says."""
    given = identity or policy(PolicyKind.IDENTITY, allow(Action="*"))
    known = {"RoleArn": TARGET.arn, "RoleSessionName": "visit", **parameters}
    return sts.authorize_call(Caller(SESSION, (given,), **caller), sts.StsCall("AssumeRole", known, role))


def test_rcps_do_not_control_who_assumes_a_service_linked_role() -> None:
    """AWS Organizations user guide "Resource control policies"."""
    denying = policy(PolicyKind.RESOURCE_CONTROL, allow(Action="*", Principal="*"), deny(Action="*", Principal="*"))
    service_linked = replace(
        TARGET,
        arn=f"arn:aws:iam::{HOME}:role/aws-service-role/ec2.amazonaws.com/Target",
        resource_control=((denying,),),
    )
    assert assume({}, role=service_linked).allowed
    assert not assume({}, role=replace(TARGET, resource_control=((denying,),))).allowed


def only_if(operator: str, key: str, value: str) -> Policy:
    return policy(PolicyKind.IDENTITY, allow(Action="sts:*", Condition={operator: {key: value}}))


@pytest.mark.parametrize(
    ("parameters", "operator", "key", "value", "allowed"),
    [
        ({"DurationSeconds": 900}, "NumericLessThanEquals", "sts:DurationSeconds", "900", True),
        ({"DurationSeconds": 901}, "NumericLessThanEquals", "sts:DurationSeconds", "900", False),
        ({}, "NumericLessThanEquals", "sts:DurationSeconds", "900", False),
        ({"ExternalId": "e"}, "StringEquals", "sts:ExternalId", "e", True),
        ({"ExternalId": "f"}, "StringEquals", "sts:ExternalId", "e", False),
        ({}, "StringEquals", "sts:RoleSessionName", "visit", True),
        ({"RoleSessionName": "other"}, "StringEquals", "sts:RoleSessionName", "visit", False),
    ],
)
def test_conditions_on_the_members_of_assume_role(
    parameters: dict[str, Any], operator: str, key: str, value: str, allowed: bool
) -> None:
    assert assume(parameters, identity=only_if(operator, key, value)).allowed is allowed


def test_a_source_identity_stays_as_it_is() -> None:
    kept = {"aws:SourceIdentity": "ann"}
    assert assume({}, context=kept).allowed
    assert assume({"SourceIdentity": "ann"}, context=kept).allowed
    decision = assume({"SourceIdentity": "bob"}, context=kept)
    assert decision.reason == "a session cannot change its source identity"
    assert decision.error is not None
    assert (decision.error.code, decision.error.status, decision.error.message) == (
        "AccessDenied",
        403,
        f"User: {SESSION.arn} is not authorized to perform: sts:SetSourceIdentity on resource: {TARGET.arn}",
    )


def test_tags_from_an_identity_provider_need_tag_session() -> None:
    trust = policy(PolicyKind.TRUST, {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "sts:AssumeRole"})
    untaggable = replace(TARGET, trust=trust)
    assert assume({}, role=untaggable).allowed
    assert not assume({}, role=untaggable, context={"AWS:RequestTag/team": "blue"}).allowed
    assert assume({}, context={"AWS:RequestTag/team": "blue"}).allowed


def test_tags_that_a_session_hands_on_are_part_of_the_request() -> None:
    def answer(condition: dict[str, Any]) -> bool:
        identity = policy(PolicyKind.IDENTITY, allow(Action="sts:*", Condition=condition))
        parameters = {"RoleArn": TARGET.arn, "RoleSessionName": "x", "Tags": [tag("Site", "s")]}
        call = sts.StsCall("AssumeRole", parameters, TARGET, {"Team": "blue", "Unit": "u"})
        return sts.authorize_call(Caller(SESSION, (identity,)), call).allowed

    assert answer({"StringEquals": {"aws:RequestTag/Team": "blue", "aws:RequestTag/Site": "s"}})
    assert answer({"ForAllValues:StringEquals": {"aws:TagKeys": ["Site", "Team", "Unit"]}})
    assert not answer({"ForAllValues:StringEquals": {"aws:TagKeys": ["Site", "Team"]}})
    assert answer({"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["Team", "Unit"]}})
    assert not answer({"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": ["Site"]}})


def test_why_a_role_is_not_assumed() -> None:
    missing = assume({}, role=None)
    assert missing.reason == f"there is no role {TARGET.arn!r}"
    assert missing.error is not None
    assert missing.error.message.endswith(f"is not authorized to perform: sts:AssumeRole on resource: {TARGET.arn}")
    by_root = sts.authorize_call(Caller(ROOT), sts.StsCall("AssumeRole", {"RoleArn": TARGET.arn}, TARGET))
    assert by_root.reason == "Roles may not be assumed by root accounts."
    bad_tags = assume({"Tags": [tag("k"), tag("K")]})
    assert bad_tags.reason.startswith("the session tags are not valid: Duplicate tag keys found.")
    assert [trace.statement for trace in bad_tags.trace] == ["statement 1", "statement 1"]
    with_token = sts.authorize_call(
        Caller(SESSION), sts.StsCall("AssumeRoleWithWebIdentity", {"RoleArn": TARGET.arn}, TARGET)
    )
    assert with_token.reason == ("unsupported: a caller of type 'role session' for AssumeRoleWithWebIdentity")


def test_a_call_that_cannot_be_read_is_refused() -> None:
    decision = assume({"Tags": [{"Value": "no key"}]})
    assert not decision.allowed
    assert decision.reason == "unsupported: the call: KeyError while reading it"


def test_operations_on_nothing_are_decided_on_everything() -> None:
    limited = policy(PolicyKind.IDENTITY, allow(Action="sts:*", Resource="arn:aws:iam::*:role/*"))
    call = sts.StsCall("DecodeAuthorizationMessage", {})
    assert not sts.authorize_call(Caller(SESSION, (limited,)), call).allowed
    decision = sts.authorize_call(Caller(SESSION, (policy(PolicyKind.IDENTITY, allow(Action="sts:*")),)), call)
    assert decision.allowed
    refused = sts.authorize_call(Caller(SESSION), call)
    assert refused.error is not None
    assert refused.error.message.endswith("sts:DecodeAuthorizationMessage on resource: *")
