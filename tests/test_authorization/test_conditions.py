"""The request context, and conditions on it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.authorization.context import Context
from plerion_kms.authorization.decision import Source
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import Principal, PrincipalType, Request, Resource
from test_authorization.parts import (
    HOME,
    KEY,
    ROLE,
    SERVICE,
    SESSION,
    allow,
    context,
    policy,
)

# Requests and their context


def test_each_of_the_two_clocks_is_worked_out_from_the_other() -> None:
    assert context(**{"aws:EpochTime": "1795514400"}).get("aws:CurrentTime") == "2026-11-24T10:00:00Z"
    assert context(**{"aws:CurrentTime": "2026-11-24T10:00:00Z"}).get("aws:EpochTime") == "1795514400"
    assert context(**{"aws:CurrentTime": "2026-11-24T12:00:00+02:00"}).get("aws:EpochTime") == "1795514400"
    assert context(**{"aws:CurrentTime": "2026-11-24T10:00:00Z"}).has("aws:epochtime")


def test_a_request_without_a_time_says_so() -> None:
    with pytest.raises(UnsupportedError, match=r"neither aws:currenttime nor aws:epochtime$"):
        context().get("aws:CurrentTime")
    assert not context().has("aws:CurrentTime")


def test_kms_caller_account_is_known_to_kms_alone() -> None:
    assert context().get("kms:CallerAccount") == HOME
    assert Context(Request(SESSION, "iam:GetRole", Resource(ROLE, HOME))).get("kms:CallerAccount") is None


def test_the_arn_and_the_name_of_a_principal() -> None:
    def value(caller: Principal, key: str) -> Any:
        return Context(Request(caller, "kms:Decrypt", Resource(KEY, HOME))).get(key)

    user = Principal(PrincipalType.USER, f"arn:aws:iam::{HOME}:user/team/blue/ann", HOME)
    assert value(user, "aws:PrincipalArn") == user.arn
    assert value(user, "aws:username") == "ann"
    assert value(SESSION, "aws:PrincipalArn") == ROLE
    assert value(SESSION, "aws:username") is None
    provider = Principal(PrincipalType.SAML, f"arn:aws:iam::{HOME}:saml-provider/okta")
    assert value(provider, "aws:PrincipalArn") is None


def test_a_service_is_known_as_one() -> None:
    of_service = Context(Request(SERVICE, "kms:Decrypt", Resource(KEY, HOME)))
    assert of_service.get("aws:PrincipalIsAWSService") == "true"
    assert of_service.get("aws:PrincipalServiceName") == "ec2.amazonaws.com"
    assert context().get("aws:PrincipalIsAWSService") == "false"
    assert context().get("aws:PrincipalServiceName") is None


def test_names_in_the_encryption_context_that_differ_in_case_only() -> None:
    """The name that is written as in the policy, else the first in alphabetical order."""
    both = context(**{"kms:EncryptionContext:app": "small", "kms:EncryptionContext:APP": "large"})
    assert both.get("kms:EncryptionContext:app") == "small"
    assert both.get("KMS:encryptioncontext:APP") == "large"
    assert both.get("kms:EncryptionContext:App") == "large"
    assert context(**{"kms:EncryptionContext:app": "small"}).get("kms:EncryptionContext:APP") == "small"


def test_a_value_of_another_type_is_named() -> None:
    with pytest.raises(UnsupportedError, match="the value of 'kms:ViaService' in the request, which is neither"):
        context(**{"kms:ViaService": 7}).get("kms:ViaService")


def test_the_requested_region_is_the_keys_unless_the_request_says_otherwise() -> None:
    assert context().get("aws:RequestedRegion") == "eu-west-1"
    assert context(**{"AWS:REQUESTEDREGION": "us-east-1"}).get("aws:RequestedRegion") == "us-east-1"


# Conditions


def holds(operator: str, key: str, policy_value: Any, request_value: str | tuple[str, ...]) -> bool:
    """Whether a condition on a request's own key holds."""
    identity = policy(PolicyKind.IDENTITY, allow(Condition={operator: {key: policy_value}}))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {key: request_value})
    return authorize(request, Policies(identity=(identity,))).allowed


@pytest.mark.parametrize(
    ("policy_value", "request_value", "expected"),
    [
        (True, "true", True),
        (False, "false", True),
        (True, "false", False),
        (False, "true", False),
        ([True, False], "false", True),
        (7, "7", True),
        (7, "8", False),
    ],
)
def test_booleans_and_numbers_of_json_are_their_text(policy_value: Any, request_value: str, expected: bool) -> None:
    assert holds("StringEquals", "kms:ViaService", policy_value, request_value) is expected


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(
    ("policy_value", "request_value", "expected"),
    [
        ("2026", "2026-01-01T00:00:00Z", True),
        ("2026-11", "2026-11-01T00:00:00Z", True),
        ("2026-11-24", "2026-11-24T00:00:00Z", True),
        ("2026-11-24T10:00:00", "2026-11-24T10:00:00Z", True),
        ("2026-11-24T10:00Z", "1795514400", True),
        ("1795514400", "2026-11-24T10:00:00Z", True),
        ("2026-11-24T10:00:00.5Z", "1795514400.5", True),
        ("2026-11-24T19:00:00+09:00", "2026-11-24T10:00:00Z", True),
        ("2026-11-24T10:00:00", "2026-11-24T10:00:01Z", False),
    ],
)
def test_dates_are_in_utc_wherever_the_engine_runs(
    policy_value: str, request_value: str, expected: bool, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert holds("DateEquals", "aws:TokenIssueTime", policy_value, request_value) is expected
        assert context(**{"aws:EpochTime": "1795514400"}).get("aws:CurrentTime") == "2026-11-24T10:00:00Z"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("policy_value", "request_value", "expected"),
    [
        ("*", "arn:aws:ec2:eu-west-1:111111111111:instance/i", True),
        ("*", "i", False),
        ("*:aws:ec2:*:*:*", "arn:aws:ec2:eu-west-1:111111111111:instance/i", True),
        ("*:aws:ec2:*:*:volume/*", "arn:aws:ec2:eu-west-1:111111111111:instance/i", False),
        ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:eu-west-1:111111111111:instance/a:b", True),
    ],
)
def test_arns_are_compared_part_by_part(policy_value: str, request_value: str, expected: bool) -> None:
    assert holds("ArnLike", "aws:SourceArn", policy_value, request_value) is expected


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"ArnLike": {"aws:SourceArn": "arn:aws"}}, "the ARN 'arn:aws', which has fewer than six parts"),
        ({"DateEquals": {"aws:TokenIssueTime": "2026-13-01"}}, "the date '2026-13-01'"),
        ({"DateEquals": {"aws:TokenIssueTime": "soon"}}, "the date 'soon'"),
        ({"StringEquals": {"kms:ViaService": None}}, "the values of the condition key 'kms:ViaService'"),
        ({"StringEquals": {"kms:ViaService": []}}, "the condition key 'kms:ViaService', which has no values"),
        pytest.param(
            {"StringEquals": {"kms:Ä\ud800": "x"}},
            "the document, which holds text that is not valid Unicode",
            id="no Unicode",
        ),
    ],
    ids=str,
)
def test_what_is_unsupported_in_a_condition_is_named(condition: dict[str, Any], reason: str) -> None:
    identity = policy(PolicyKind.IDENTITY, allow(Condition=condition))
    decision = authorize(Request(SESSION, "kms:ListKeys", Resource("*", HOME)), Policies(identity=(identity,)))
    assert decision.source is Source.UNSUPPORTED
    assert decision.reason.startswith("unsupported: ")
    assert decision.reason.endswith(reason)


@pytest.mark.parametrize("first", ["IpAddress", "StringEquals"])
def test_a_condition_that_fails_comes_before_an_unsupported_one(first: str) -> None:
    block = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringEquals": {"kms:ViaService": "x"}}
    ordered = {first: block[first], **block}
    identity = policy(PolicyKind.IDENTITY, allow(Condition=ordered))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"aws:SourceIp": "here", "kms:ViaService": "y"})
    decision = authorize(request, Policies(identity=(identity,)))
    assert decision.source is Source.IDENTITY
    assert [trace.failure.key for trace in decision.trace if trace.failure] == ["kms:ViaService"]


@pytest.mark.parametrize(
    ("operator", "policy_value", "request_value", "expected"),
    [
        ("IpAddress", "10.1.2.3/8", "10.9.9.9", True),  # the host's bits of a range do not matter
        ("IpAddress", "10.1.2.3/8", "11.1.2.3", False),
        ("IpAddress", "10.1.2.3", "10.1.2.3", True),
        ("IpAddress", "10.1.2.3", "10.1.2.4", False),
        ("IpAddress", "10.0.0.0/8", "2001:db8::1", False),
        ("NotIpAddress", "10.0.0.0/8", "2001:db8::1", True),
    ],
)
def test_address_ranges(operator: str, policy_value: str, request_value: str, expected: bool) -> None:
    assert holds(operator, "aws:SourceIp", policy_value, request_value) is expected


def test_an_address_that_is_none_is_named() -> None:
    identity = policy(PolicyKind.IDENTITY, allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"aws:SourceIp": "here"})
    assert "'here' where an IP address is expected" in authorize(request, Policies(identity=(identity,))).reason


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        ("arn:aws:kms:eu-west-1:111111111111:*", True),
        ("arn:aws:kms:*:111111111111:*", True),
        ("arn:aws:kms:eu-west-1:*:*", True),
        ("arn:aws:kms:us-east-1:111111111111:*", False),
        ("arn:aws:kms:us-east-1:*:*", False),
        ("arn:aws:kms:eu-west-1:222222222222:*", False),
        ("arn:aws:kms:eu-west-1:111111111111:key/*", False),
        ("arn:aws:s3:eu-west-1:111111111111:*", False),
        ("arn:aws:k*:eu-west-1:111111111111:*", False),
    ],
)
def test_an_arn_for_what_works_on_no_key(resource: str, allowed: bool) -> None:
    identity = policy(PolicyKind.IDENTITY, allow(Resource=resource))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"aws:RequestedRegion": "eu-west-1"})
    assert authorize(request, Policies(identity=(identity,))).allowed is allowed
    of_other_service = replace(request, action="s3:ListAllMyBuckets")
    anything = policy(PolicyKind.IDENTITY, allow(Action="*", Resource=resource))
    assert not authorize(of_other_service, Policies(identity=(anything,))).allowed
