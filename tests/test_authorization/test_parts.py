"""Parts of the engine by themselves, where a whole case says too little about them."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from authorization import kms, simulate, sts, unknowns, validation
from authorization.caller import Caller
from authorization.context import Context
from authorization.decision import Decision, Source
from authorization.documents import Policy, PolicyKind, parse_policy
from authorization.engine import authorize, authorize_caller_side
from authorization.errors import NotUnderstoodError
from authorization.explain import explain
from authorization.grants import right_to_retire, validate_child_grant
from authorization.patterns import compile_parts, compile_pattern, split_parts
from authorization.policies import Grant, Policies
from authorization.principals import Named, compile_principals
from authorization.request import Principal, PrincipalType, Request, Resource
from authorization.session_tags import session_principal_tags, validate_session_tags

HOME, OTHER = "111111111111", "222222222222"
KEY = f"arn:aws:kms:eu-west-1:{HOME}:key/k"
ROLE = f"arn:aws:iam::{HOME}:role/Scan"
SESSION = Principal(PrincipalType.ROLE_SESSION, f"arn:aws:sts::{HOME}:assumed-role/Scan/x", HOME, ROLE, "AROAX:x")
ROOT = Principal(PrincipalType.ACCOUNT_ROOT, f"arn:aws:iam::{HOME}:root", HOME, f"arn:aws:iam::{HOME}:root", HOME)
GUEST = Principal(
    PrincipalType.ROLE_SESSION,
    f"arn:aws:sts::{OTHER}:assumed-role/Guest/y",
    OTHER,
    f"arn:aws:iam::{OTHER}:role/Guest",
    "AROAY:y",
)


def policy(kind: PolicyKind, *statements: dict[str, Any]) -> Policy:
    return parse_policy(json.dumps({"Version": "2012-10-17", "Statement": statements}), kind, kind.value)


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **elements}


def deny(**elements: Any) -> dict[str, Any]:
    return {**allow(**elements), "Effect": "Deny"}


def key_policy(*statements: dict[str, Any]) -> Policy:
    return policy(PolicyKind.KEY, *statements)


DELEGATION = allow(Principal={"AWS": HOME})
OPEN = policy(PolicyKind.IDENTITY, allow())


# Patterns


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("", [""], ["a"]),
        ("abc", ["abc"], ["", "ab", "abcd", "xabc", "ABC"]),
        ("a?c", ["abc", "a?c", "aéc"], ["ac", "abbc", "abd", "xbc"]),
        ("?", ["a", "?", "*"], ["", "ab"]),
        ("??", ["ab"], ["a", "abc"]),
        ("*", ["", "a", "abc\n"], []),
        ("**", ["", "a"], []),
        ("a*", ["a", "ab"], ["", "ba"]),
        ("*a", ["a", "ba"], ["", "ab"]),
        ("a*a", ["aa", "aba"], ["a", "ab"]),
        ("ab*ba", ["abba", "abxba"], ["aba", "abb"]),
        ("a*b*c", ["abc", "aXbYc", "abbc", "acbc"], ["ac", "acb", "bac", "abcx"]),
        ("*b*", ["b", "ab", "bc", "abc"], ["", "a"]),
        ("*b*b*", ["bb", "abcbd"], ["b", "abc"]),
        ("a*bc*cd", ["abccd", "aXbcXcd"], ["abcd", "abc"]),
        ("*ab*ba*", ["abba", "xabxbax"], ["aba"]),
        ("*a?c*", ["abc", "xabc", "xabcx", "aabc", "ababc", "a?cc"], ["ac", "abbc", "xab", "bcx"]),
        ("*?a*", ["ba", "xba", "aa", "bax"], ["a", "ab", "b", ""]),
        ("*a?*", ["ab", "xabx", "aa"], ["a", "ba", ""]),
        ("*??*", ["ab", "abc"], ["a", ""]),
        ("a*?b*c", ["axbc", "axxbxxc", "abbc"], ["abc", "axbx"]),
        ("*a?b?c*", ["a1b2c", "xa1b2cx", "a1ba1b2c"], ["a1bc", "ab2c", "a1b2"]),
        ("*a?a*a?a*", ["abaaba", "abaxaca"], ["aba", "abaca"]),
        ("??*?", ["abc", "abcd"], ["ab"]),
        ("?*", ["a", "ab"], [""]),
        ("a?*?c", ["abbc", "abxbc"], ["abc"]),
    ],
)
def test_patterns(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    compiled = compile_pattern(pattern)
    assert [text for text in [*fits, *fits_not] if compiled.matches(text)] == fits


def test_plain_parts_of_a_pattern_hold_no_wildcards() -> None:
    compiled = compile_parts([("a?", True), ("*?", False), ("b*", True), ("c", False), ("?", True)])
    fits = ["ax*?bcx", "ax*?bxcx"]
    assert [text for text in [*fits, "ax*xbcx", "axx?bcx", "ax*?bc"] if compiled.matches(text)] == fits


def test_a_pattern_is_split_at_the_first_separators_only() -> None:
    assert split_parts([("a:b", True), ("c:d", False), (":e:f", True)], ":", 3) == [
        [("a", True)],
        [("b", True), ("c", False)],
        [("d", False), ("", True)],
        [("e:f", True)],
    ]
    assert split_parts([("a:b:c", True)], ":", 1) == [[("a", True)], [("b:c", True)]]
    assert split_parts([("abc", False)], ":", 5) == [[("abc", False)]]


# Session tags


def test_tags_of_a_session_are_laid_over_the_roles_without_regard_to_case() -> None:
    assert session_principal_tags(
        {"Team": "role", "Cost": "role", "Unit": "role"}, {"TEAM": "passed", "Site": "passed"}, {"site": "handed on"}
    ) == {"Cost": "role", "Unit": "role", "TEAM": "passed", "site": "handed on"}


def tag(key: str, value: str = "") -> dict[str, str]:
    return {"Key": key, "Value": value}


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


# The simulator


def test_the_simulator_takes_the_owner_from_the_arn_else_from_the_parameter_else_from_the_caller() -> None:
    condition = {"StringEquals": {"aws:ResourceAccount": OTHER}}
    policies = Policies(identity=(policy(PolicyKind.IDENTITY, allow(Action="*", Condition=condition)),))

    def answers(owner: str) -> list[str]:
        resources = [f"arn:aws:kms:eu-west-1:{OTHER}:key/k", KEY, "arn:aws:s3:::bucket/a:b:c:d", "*", "arn:aws:x:y:z"]
        found = simulate.simulate(SESSION, policies, ["s3:GetObject"], resources, {}, owner)
        return [evaluation.answer.value for evaluation in found]

    assert answers("") == ["allowed", "implicitDeny", "implicitDeny", "implicitDeny", "implicitDeny"]
    assert answers(OTHER)[:4] == ["allowed", "implicitDeny", "allowed", "allowed"]


def test_the_simulator_shows_the_decision_and_whence_its_statements_come() -> None:
    policies = Policies(identity=(policy(PolicyKind.IDENTITY, allow()),))
    (found,) = simulate.simulate(SESSION, policies, ["kms:Decrypt"], [KEY])
    assert found.matched == (simulate.MatchedStatement(Source.IDENTITY, "identity", "statement 1"),)
    assert found.detail.allowed
    assert found.detail.reason == "'statement 1' of identity-based policy 'identity'"


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


# Requests and their context


def context(**given: Any) -> Context:
    return Context(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME), given))


def test_each_of_the_two_clocks_is_worked_out_from_the_other() -> None:
    assert context(**{"aws:EpochTime": "1795514400"}).get("aws:CurrentTime") == "2026-11-24T10:00:00Z"
    assert context(**{"aws:CurrentTime": "2026-11-24T10:00:00Z"}).get("aws:EpochTime") == "1795514400"
    assert context(**{"aws:CurrentTime": "2026-11-24T12:00:00+02:00"}).get("aws:EpochTime") == "1795514400"
    assert context(**{"aws:CurrentTime": "2026-11-24T10:00:00Z"}).has("aws:epochtime")


def test_a_request_without_a_time_says_so() -> None:
    with pytest.raises(NotUnderstoodError, match=r"neither aws:currenttime nor aws:epochtime$"):
        context().get("aws:CurrentTime")
    assert not context().has("aws:CurrentTime")


def test_kms_caller_account_is_known_to_kms_alone() -> None:
    assert context().get("kms:CallerAccount") == HOME
    assert Context(Request(SESSION, "iam:GetRole", Resource(ROLE, HOME))).get("kms:CallerAccount") is None


def test_a_service_is_known_as_one() -> None:
    service = Principal(PrincipalType.SERVICE, "ec2.amazonaws.com")
    of_service = Context(Request(service, "kms:Decrypt", Resource(KEY, HOME)))
    assert of_service.get("aws:PrincipalIsAWSService") == "true"
    assert of_service.get("aws:PrincipalServiceName") == "ec2.amazonaws.com"
    assert context().get("aws:PrincipalIsAWSService") == "false"
    assert context().get("aws:PrincipalServiceName") is None


def test_names_in_the_encryption_context_that_differ_in_case_only() -> None:
    """The one written as in the policy counts, else the first in the alphabet: `unknowns.DUPLICATE_TAG_KEYS`."""
    both = context(**{"kms:EncryptionContext:app": "small", "kms:EncryptionContext:APP": "large"})
    assert both.get("kms:EncryptionContext:app") == "small"
    assert both.get("KMS:encryptioncontext:APP") == "large"
    assert both.get("kms:EncryptionContext:App") == "large"
    assert context(**{"kms:EncryptionContext:app": "small"}).get("kms:EncryptionContext:APP") == "small"


def test_a_value_of_another_type_is_named() -> None:
    with pytest.raises(NotUnderstoodError, match="the value of 'kms:ViaService' in the request, which is neither"):
        context(**{"kms:ViaService": 7}).get("kms:ViaService")


def test_the_requested_region_is_the_keys_unless_the_request_says_otherwise() -> None:
    assert context().get("aws:RequestedRegion") == "eu-west-1"
    assert context(**{"AWS:REQUESTEDREGION": "us-east-1"}).get("aws:RequestedRegion") == "us-east-1"


# Principals


def names(caller: Principal, element: Any, *, complement: bool = False) -> Named | None:
    return compile_principals(element, complement=complement, providers=True).names(caller, allow=not complement)


def test_not_principal_spares_services_and_providers_that_it_lists() -> None:
    ec2 = Principal(PrincipalType.SERVICE, "ec2.amazonaws.com")
    provider = f"arn:aws:iam::{HOME}:saml-provider/okta"
    saml = Principal(PrincipalType.SAML, provider)
    assert names(ec2, {"Service": "ec2.amazonaws.com"}, complement=True) is None
    assert names(ec2, {"Service": "s3.amazonaws.com"}, complement=True) is Named.SELF
    assert names(saml, {"Federated": provider}, complement=True) is None
    assert names(saml, {"Federated": "cognito-identity.amazonaws.com"}, complement=True) is Named.SELF
    assert names(Principal(PrincipalType.ANONYMOUS, ""), {"AWS": HOME}, complement=True) is Named.SELF
    assert names(SESSION, "*", complement=True) is None


# Grants


GRANT = Grant("g", KEY, ROLE, ("Decrypt",), HOME)


def test_who_may_retire_a_grant_and_by_which_right() -> None:
    assert right_to_retire(GRANT, SESSION) is Named.ACCOUNT
    assert right_to_retire(GRANT, ROOT) is Named.SELF
    assert right_to_retire(GRANT, GUEST) is None
    assert right_to_retire(replace(GRANT, retiring=GUEST.issuer_arn), GUEST) is Named.SELF
    assert right_to_retire(replace(GRANT, operations=("RetireGrant",)), SESSION) is Named.SELF
    assert right_to_retire(replace(GRANT, issuing_account=OTHER), SESSION) is None
    service = Principal(PrincipalType.SERVICE, "ec2.amazonaws.com")
    assert right_to_retire(replace(GRANT, issuing_account=""), service) is None


def test_a_child_grant_says_what_is_wrong_with_it() -> None:
    parent = replace(GRANT, operations=("CreateGrant", "Decrypt"), equals={"a": "1"})
    loose = replace(parent, equals=None, subset={"a": "1"})
    assert validate_child_grant(parent, ["Decrypt"], {"a": "1"}) is None
    assert validate_child_grant(parent, ["Sign", "Encrypt"]) == "the grant does not hold Encrypt, Sign"
    unequal = "its encryption context constraint must equal the parent's"
    assert validate_child_grant(parent, ["Decrypt"]) == unequal
    assert validate_child_grant(parent, ["Decrypt"], {"a": "1", "b": "2"}) == unequal
    assert validate_child_grant(parent, ["Decrypt"], None, {"a": "1"}) == unequal
    without = "its encryption context constraint must include the parent's"
    assert validate_child_grant(loose, ["Decrypt"]) == without
    assert validate_child_grant(loose, ["Decrypt"], {"a": "2"}, {"b": "1"}) == without
    for stricter in ({"a": "1"}, {"a": "1", "b": "2"}):
        assert validate_child_grant(loose, ["Decrypt"], stricter) is None
        assert validate_child_grant(loose, ["Decrypt"], None, stricter) is None


def test_every_grant_is_looked_at() -> None:
    others = [
        replace(GRANT, key_arn=KEY + "x"),
        replace(GRANT, operations=("Encrypt",)),
        replace(GRANT, grantee=GUEST.arn),
        replace(GRANT, equals={"a": "1"}),
    ]
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    given = Policies(resource=key_policy(DELEGATION), grants=tuple(others))
    assert not authorize(request, given).allowed
    decision = authorize(request, replace(given, grants=(*others, replace(GRANT, grant_id="h"))))
    assert decision.reason == "grant 'h' allows it"


def test_a_grant_that_nobody_may_retire_says_so() -> None:
    request = Request(SESSION, "kms:RetireGrant", Resource(KEY, HOME))
    given = Policies(resource=key_policy(DELEGATION), grants=(replace(GRANT, issuing_account=OTHER),))
    decision = authorize(request, given)
    assert decision.reason == "the grant may not be retired by the caller"
    assert decision.error is not None
    assert decision.error.message.endswith(
        f"on resource: {KEY} because no resource-based policy allows the kms:RetireGrant action"
    )
    foreign = authorize(replace(request, principal=GUEST), replace(given, grants=(GRANT,)))
    assert foreign.error is not None
    assert "on this resource because the resource does not exist in this Region" in foreign.error.message


# The lockout check


def test_the_lockout_check_sees_the_region_and_the_account_of_the_caller() -> None:
    caller = Caller(SESSION, identity=(policy(PolicyKind.IDENTITY, allow()),))
    key = kms.Key(arn=KEY, policy=key_policy(DELEGATION))
    for name, value in (("aws:RequestedRegion", "eu-west-1"), ("kms:CallerAccount", HOME)):
        text = json.dumps({"Statement": {**DELEGATION, "Condition": {"StringEquals": {name: value}}}})
        assert kms.lockout(caller, key, text, "eu-west-1") is None
        assert kms.lockout(caller, key, text.replace(value, "x"), "eu-west-1") is not None
    assert kms.lockout(caller, key, '{"Statement": []}', "eu-west-1") is not None
    assert kms.lockout(caller, key, '{"Statement": []}', "eu-west-1", bypass=True) is None


# Keys that are not there


KEY_ID = "11111111-aaaa-4aaa-8aaa-111111111111"
PREFIX = f"arn:aws:kms:eu-west-1:{HOME}"


@pytest.mark.parametrize(
    ("operation", "parameters", "role", "text"),
    [
        ("ReEncrypt", {"SourceKeyId": KEY_ID}, "source", f"Key '{PREFIX}:key/{KEY_ID}' does not exist"),
        ("ReEncrypt", {"DestinationKeyId": KEY_ID}, "destination", f"Key '{PREFIX}:key/{KEY_ID}' does not exist"),
        (
            "CreateAlias",
            {"AliasName": "alias/a", "TargetKeyId": KEY_ID},
            "key",
            f"Key '{PREFIX}:key/{KEY_ID}' does not exist",
        ),
        (
            "UpdateAlias",
            {"AliasName": "alias/a", "TargetKeyId": KEY_ID},
            "target",
            f"Key '{PREFIX}:key/{KEY_ID}' does not exist",
        ),
        ("DeleteAlias", {"AliasName": "alias/a"}, "key", f"Alias {PREFIX}:alias/a is not found."),
        ("Encrypt", {"KeyId": "alias/a"}, "key", f"Alias {PREFIX}:alias/a is not found."),
        ("Encrypt", {"KeyId": f"{PREFIX}:alias/a"}, "key", f"Alias {PREFIX}:alias/a is not found."),
        ("Encrypt", {"KeyId": f"{PREFIX}:key/x"}, "key", f"Key '{PREFIX}:key/x' does not exist"),
        ("Encrypt", {"KeyId": f"arn:aws:kms:us-east-1:{HOME}:key/x"}, "key", "Invalid arn us-east-1"),
        ("Encrypt", {"KeyId": "mrk-1"}, "key", f"Key '{PREFIX}:key/mrk-1' does not exist"),
        ("Encrypt", {"KeyId": "x" * 36}, "key", f"Invalid keyId '{'x' * 36}'"),
        ("Encrypt", {"KeyId": "a-b-c-d-e"}, "key", "Invalid keyId 'a-b-c-d-e'"),
        ("Encrypt", {"KeyId": "x", "AliasName": "alias/a"}, "key", "Invalid keyId 'x'"),
        ("Encrypt", {"KeyId": ""}, "key", "Invalid keyId ''"),
    ],
)
def test_a_key_that_is_not_there_is_named_as_it_was_asked_for(
    operation: str, parameters: dict[str, str], role: str, text: str
) -> None:
    there = kms.Key(arn=KEY, policy=key_policy(DELEGATION))
    keys = {name: None if name == role else there for name in ("key", "source", "destination", "former", "target")}
    caller = Caller(SESSION, identity=(OPEN,))
    decision = kms.authorize_call(caller, kms.KmsCall(operation, parameters, "eu-west-1", HOME, keys))
    assert decision.error is not None
    assert (decision.error.code, decision.error.status, decision.error.message) == ("NotFoundException", 400, text)
    assert decision.reason == text


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-east-1", "aws"),
        ("ap-south-1", "aws"),
    ],
)
def test_a_key_that_is_not_there_is_named_in_its_partition(region: str, partition: str) -> None:
    call = kms.KmsCall("Encrypt", {"KeyId": KEY_ID}, region, HOME, {"key": None})
    assert kms.authorize_call(Caller(SESSION), call).reason == (
        f"Key 'arn:{partition}:kms:{region}:{HOME}:key/{KEY_ID}' does not exist"
    )


def test_a_call_of_kms_that_cannot_be_read_is_refused() -> None:
    call = kms.KmsCall("CreateAlias", {}, "eu-west-1", HOME, {})
    decision = kms.authorize_call(Caller(SESSION, (OPEN,)), call)
    assert decision.reason == "not understood: the call: KeyError while reading it"
    assert decision.error is not None
    assert decision.error.message == (
        f"User: {SESSION.arn} is not authorized to perform: kms:CreateAlias on resource: * because this is not "
        "understood: the call: KeyError while reading it"
    )


def test_grants_of_a_principal_of_another_account_cannot_be_listed() -> None:
    call = kms.KmsCall("ListRetirableGrants", {"RetiringPrincipal": GUEST.issuer_arn}, "eu-west-1", HOME, {})
    decision = kms.authorize_call(Caller(SESSION, (OPEN,)), call)
    assert decision.reason == f"{GUEST.issuer_arn} is not in the caller's account"
    call = replace(call, parameters={"RetiringPrincipal": ROLE})
    assert kms.authorize_call(Caller(SESSION, (OPEN,)), call).allowed
    call = replace(call, parameters={"RetiringPrincipal": "Scan"})
    assert kms.authorize_call(Caller(SESSION, (OPEN,)), call).reason == (
        "not understood: the retiring principal 'Scan'"
    )


def test_a_grant_that_is_not_there_is_named() -> None:
    there = kms.Key(arn=KEY, policy=key_policy(DELEGATION))
    call = kms.KmsCall("RetireGrant", {"KeyId": KEY, "GrantId": "g"}, "eu-west-1", HOME, {"key": there})
    assert kms.authorize_call(Caller(SESSION, (OPEN,)), call).reason == "Grant ID g not found"
    call = replace(call, parameters={"GrantToken": "t"})
    assert kms.authorize_call(Caller(SESSION, (OPEN,)), call).reason == "Grant ID  not found"


def test_control_policies_hold_in_calls_of_kms() -> None:
    closed = policy(PolicyKind.RESOURCE_CONTROL, allow(Action="kms:Encrypt", Principal="*"))
    key = kms.Key(arn=KEY, policy=key_policy(DELEGATION), resource_control=((closed,),))
    caller = Caller(SESSION, (OPEN,))

    def answer(key: kms.Key, caller: Caller = caller, operation: str = "DescribeKey") -> bool:
        call = kms.KmsCall(operation, {"KeyId": KEY}, "eu-west-1", HOME, {"key": key})
        return kms.authorize_call(caller, call).allowed

    assert not answer(key)
    assert answer(replace(key, resource_control=()))
    assert answer(replace(key, aws_managed=True))
    limited = replace(caller, service_control=((policy(PolicyKind.SERVICE_CONTROL, allow(Action="kms:Encrypt")),),))
    assert not answer(replace(key, resource_control=()), limited)
    assert not answer(key, limited, "ListKeys")
    assert answer(key, caller, "ListKeys")


# Reasons and explanations


def test_why_a_key_of_another_account_may_be_used() -> None:
    request = Request(GUEST, "kms:Decrypt", Resource(KEY, HOME))
    decision = authorize(request, Policies((OPEN,), resource=key_policy(allow(Principal="*"))))
    assert decision.reason == (
        "'statement 1' of resource-based policy 'key' allows the other account's caller; 'statement 1' of "
        "identity-based policy 'identity'"
    )


def test_a_role_that_its_boundary_limits() -> None:
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    given = Policies(resource=key_policy(allow(Principal={"AWS": ROLE})), boundary=CLOSED[PolicyKind.BOUNDARY])
    decision = authorize(request, given)
    assert decision.source is Source.BOUNDARY
    assert decision.error is not None
    assert decision.error.message.endswith("because no permissions boundary allows the kms:Decrypt action")


def test_a_policy_in_a_place_that_is_not_its_own_is_named() -> None:
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    decision = authorize(request, Policies(identity=(key_policy(DELEGATION),), resource=key_policy(DELEGATION)))
    assert decision.reason == "not understood: key: a policy of kind 'key' used as identity-based policy"


@pytest.mark.parametrize(
    ("action", "caller", "code", "status", "start"),
    [
        ("kms:Nothing", SESSION, "AccessDeniedException", 400, f"User: {SESSION.arn} is not"),
        ("IAM:GetRole:x", SESSION, "AccessDenied", 403, f"User: {SESSION.arn} is not"),
        ("sts:a:b", Principal(PrincipalType.ANONYMOUS, ""), "AccessDenied", 403, "User: anonymous is not"),
        ("tag:a:b", None, "AccessDeniedException", 400, "User: anonymous is not"),
    ],
)
def test_the_error_where_something_is_not_understood(
    action: str, caller: Any, code: str, status: int, start: str
) -> None:
    decision = authorize(Request(caller, action, Resource(KEY, HOME)), Policies())
    assert decision.source is Source.NOT_UNDERSTOOD
    assert decision.error is not None
    assert (decision.error.code, decision.error.status) == (code, status)
    assert decision.error.message.startswith(f"{start} authorized to perform: {action} on resource: {KEY} because this")


def test_a_statement_that_is_not_understood_leaves_its_trace() -> None:
    strange = allow(Condition={"Strange": {"aws:username": "x"}})
    given = Policies(identity=(policy(PolicyKind.IDENTITY, allow(), strange),), resource=key_policy(DELEGATION))
    decision = authorize(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME)), given)
    assert decision.source is Source.NOT_UNDERSTOOD
    assert [(trace.policy, trace.statement) for trace in decision.trace] == [
        ("identity", "statement 1"),
        ("key", "statement 1"),
    ]


def test_text_that_is_no_unicode_is_shown_with_escapes() -> None:
    odd = Request(SESSION, "kms:\ud800", Resource(KEY, HOME), {})
    decision = authorize(odd, Policies(resource=key_policy(DELEGATION)))
    assert "\\ud800" in decision.reason
    shown = allow(Condition={"StringEquals": {"kms:ViaService": "x"}})
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"kms:ViaService": ("\ud800",)})
    explained = explain(authorize(request, Policies((policy(PolicyKind.IDENTITY, shown),))))
    assert explained.encode()
    assert "saw ['\\ud800']" in explained


# Validation


def exists(arn: str) -> bool:
    return arn in (f"arn:aws:iam::{HOME}:root", ROLE)


def key_document(**elements: Any) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "kms:*", **elements}})


def test_a_key_policy_may_have_as_many_characters_and_bytes_as_kms_takes() -> None:
    start = key_document(Resource="*")
    assert validation.validate_key_policy(start.ljust(32_768), exists) is None
    long = validation.validate_key_policy(start.ljust(32_769), exists)
    assert long is not None
    assert (long.code, long.message) == ("LimitExceededException", "The key policy is longer than 32768 bytes.")
    assert validation.validate_key_policy(start.ljust(131_072), exists) == long
    longer = validation.validate_key_policy(start.ljust(131_073), exists)
    assert longer is not None
    assert longer.code == "ValidationException"


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"Sid": 7}, "Syntax errors in policy: the Sid is not a string."),
        ({"Action": 7}, "Syntax errors in policy: the Action is not a string or a list of strings."),
        ({"Action": "Decrypt"}, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        ({"Principal": {"AWS": GUEST.arn}}, "Policy contains a statement with one or more invalid principals."),
        ({"Principal": {"Nobody": "x"}}, "Policy contains a statement with one or more invalid principals."),
        ({"Condition": []}, "Syntax errors in policy: the Condition is not an object of operators."),
        ({"Condition": {"Strange": {}}}, "Syntax errors in policy: the condition operator 'Strange'."),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_statement_of_a_key_policy(elements: dict[str, Any], message: str) -> None:
    error = validation.validate_key_policy(key_document(**elements), exists)
    assert error is not None
    assert (error.code, error.message) == ("MalformedPolicyDocumentException", message)


def test_principals_of_not_principal_must_exist_too() -> None:
    spared = {"Statement": deny(NotPrincipal={"AWS": [HOME, ROLE]})}
    assert validation.validate_key_policy(json.dumps(spared), exists) is None
    spared = {"Statement": deny(NotPrincipal={"AWS": [HOME, GUEST.issuer_arn]})}
    assert validation.validate_key_policy(json.dumps(spared), exists) is not None


def test_a_trust_policy_names_every_principal_that_is_not_there() -> None:
    others = [f"arn:aws:iam::{HOME}:role/{name}" for name in ("B", "A")]
    trust = {"Effect": "Allow", "Principal": {"AWS": [*others, ROLE]}, "Action": "sts:AssumeRole"}
    error = validation.validate_trust_policy(json.dumps({"Statement": trust}), exists)
    assert error is not None
    assert error.message == f'Invalid principal in policy: "AWS":"{others[1]}", "AWS":"{others[0]}"'
    strange = {**trust, "Principal": {"Nobody": "x"}}
    error = validation.validate_trust_policy(json.dumps({"Statement": strange}), exists)
    assert error is not None
    assert error.message == "Invalid principal in policy: the principal {'Nobody': 'x'}"
    assert validation.validate_trust_policy(json.dumps({"Statement": trust}) + "\u1234", exists) is not None


def test_an_unknown_version_is_named() -> None:
    error = validation.validate_identity_policy(json.dumps({"Version": "2020-01-01", "Statement": allow()}))
    assert error is not None
    assert error.message == "Syntax errors in policy: the version '2020-01-01'."


def test_an_identity_policy_is_a_managed_one_unless_it_is_said() -> None:
    text = json.dumps({"Statement": allow(Resource=["*" * 6_000])}).replace("*" * 6_000, "arn:aws:kms:::" + "k" * 5_980)
    assert validation.validate_identity_policy(text) is None
    text = text.replace("kkk", "k" * 200)
    error = validation.validate_identity_policy(text)
    assert error is not None
    assert error.message == "Cannot exceed quota for PolicySize: 6144"


# STS


def test_a_call_that_is_not_understood_names_its_role_and_its_operation() -> None:
    caller = Caller(SESSION)
    decision = sts.authorize_call(caller, sts.StsCall("AssumeRoot", {"RoleArn": ROLE}))
    assert decision.error is not None
    assert f"is not authorized to perform: sts:AssumeRoot on resource: {ROLE} because" in decision.error.message
    decision = sts.authorize_call(caller, sts.StsCall("AssumeRoot", {}))
    assert decision.error is not None
    assert "on resource: * because this is not understood: the STS operation 'AssumeRoot'" in decision.error.message


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
    assert with_token.reason == ("not understood: a caller of type 'role session' for AssumeRoleWithWebIdentity")


def test_a_call_that_cannot_be_read_is_refused() -> None:
    decision = assume({"Tags": [{"Value": "no key"}]})
    assert not decision.allowed
    assert decision.reason == "not understood: the call: KeyError while reading it"


def test_operations_on_nothing_are_decided_on_everything() -> None:
    limited = policy(PolicyKind.IDENTITY, allow(Action="sts:*", Resource="arn:aws:iam::*:role/*"))
    call = sts.StsCall("DecodeAuthorizationMessage", {})
    assert not sts.authorize_call(Caller(SESSION, (limited,)), call).allowed
    decision = sts.authorize_call(Caller(SESSION, (policy(PolicyKind.IDENTITY, allow(Action="sts:*")),)), call)
    assert decision.allowed
    refused = sts.authorize_call(Caller(SESSION), call)
    assert refused.error is not None
    assert refused.error.message.endswith("sts:DecodeAuthorizationMessage on resource: *")


# Conditions


def holds(operator: str, key: str, wanted: Any, seen: str | tuple[str, ...]) -> bool:
    """Whether a condition on a request's own key holds."""
    identity = policy(PolicyKind.IDENTITY, allow(Condition={operator: {key: wanted}}))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {key: seen})
    return authorize(request, Policies(identity=(identity,))).allowed


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
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
def test_booleans_and_numbers_of_json_are_their_text(wanted: Any, seen: str, expected: bool) -> None:
    assert holds("StringEquals", "kms:ViaService", wanted, seen) is expected


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
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
    wanted: str, seen: str, expected: bool, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert holds("DateEquals", "aws:TokenIssueTime", wanted, seen) is expected
        assert context(**{"aws:EpochTime": "1795514400"}).get("aws:CurrentTime") == "2026-11-24T10:00:00Z"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
    [
        ("*", "arn:aws:ec2:eu-west-1:111111111111:instance/i", True),
        ("*", "i", False),
        ("*:aws:ec2:*:*:*", "arn:aws:ec2:eu-west-1:111111111111:instance/i", True),
        ("*:aws:ec2:*:*:volume/*", "arn:aws:ec2:eu-west-1:111111111111:instance/i", False),
        ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:eu-west-1:111111111111:instance/a:b", True),
    ],
)
def test_arns_are_compared_part_by_part(wanted: str, seen: str, expected: bool) -> None:
    assert holds("ArnLike", "aws:SourceArn", wanted, seen) is expected


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"ArnLike": {"aws:SourceArn": "arn:aws"}}, "the ARN 'arn:aws', which has fewer than six parts"),
        ({"DateEquals": {"aws:TokenIssueTime": "2026-13-01"}}, "the date '2026-13-01'"),
        ({"DateEquals": {"aws:TokenIssueTime": "soon"}}, "the date 'soon'"),
        ({"StringEquals": {"kms:ViaService": None}}, "the values of the condition key 'kms:ViaService'"),
        ({"StringEquals": {"kms:ViaService": []}}, "the condition key 'kms:ViaService', which has no values"),
        ({"StringEquals": {"kms:Ä\ud800": "x"}}, "the document, which holds text that is not valid Unicode"),
    ],
    ids=str,
)
def test_what_is_not_understood_in_a_condition_is_named(condition: dict[str, Any], reason: str) -> None:
    identity = policy(PolicyKind.IDENTITY, allow(Condition=condition))
    decision = authorize(Request(SESSION, "kms:ListKeys", Resource("*", HOME)), Policies(identity=(identity,)))
    assert decision.source is Source.NOT_UNDERSTOOD
    assert decision.reason.startswith("not understood: ")
    assert decision.reason.endswith(reason)


@pytest.mark.parametrize("first", ["IpAddress", "StringEquals"])
def test_a_condition_that_fails_counts_before_one_that_is_not_understood(first: str) -> None:
    block = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringEquals": {"kms:ViaService": "x"}}
    ordered = {first: block[first], **block}
    identity = policy(PolicyKind.IDENTITY, allow(Condition=ordered))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"aws:SourceIp": "here", "kms:ViaService": "y"})
    decision = authorize(request, Policies(identity=(identity,)))
    assert decision.source is Source.IDENTITY
    assert [trace.failure.key for trace in decision.trace if trace.failure] == ["kms:ViaService"]


@pytest.mark.parametrize(
    ("operator", "wanted", "seen", "holds"),
    [
        ("IpAddress", "10.1.2.3/8", "10.9.9.9", True),  # the host's bits of a range do not count
        ("IpAddress", "10.1.2.3/8", "11.1.2.3", False),
        ("IpAddress", "10.1.2.3", "10.1.2.3", True),
        ("IpAddress", "10.1.2.3", "10.1.2.4", False),
        ("IpAddress", "10.0.0.0/8", "2001:db8::1", False),
        ("NotIpAddress", "10.0.0.0/8", "2001:db8::1", True),
    ],
)
def test_address_ranges(operator: str, wanted: str, seen: str, holds: bool) -> None:
    identity = policy(PolicyKind.IDENTITY, allow(Condition={operator: {"aws:SourceIp": wanted}}))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"aws:SourceIp": seen})
    assert authorize(request, Policies(identity=(identity,))).allowed is holds


def test_an_address_that_is_none_is_named() -> None:
    identity = policy(PolicyKind.IDENTITY, allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"aws:SourceIp": "here"})
    assert "'here' where an IP address is wanted" in authorize(request, Policies(identity=(identity,))).reason


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
        ("arn:aws:k*:eu-west-1:111111111111:*", True),
    ],
)
def test_an_arn_for_what_works_on_no_key(resource: str, allowed: bool) -> None:
    identity = policy(PolicyKind.IDENTITY, allow(Resource=resource))
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"aws:RequestedRegion": "eu-west-1"})
    assert authorize(request, Policies(identity=(identity,))).allowed is allowed
    of_other_service = replace(request, action="s3:ListAllMyBuckets")
    anything = policy(PolicyKind.IDENTITY, allow(Action="*", Resource=resource))
    assert not authorize(of_other_service, Policies(identity=(anything,))).allowed


# Documents


def reason(kind: PolicyKind, content: Any) -> str:
    """What is not understood in a policy of which a request has to know everything."""
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    parsed = parse_policy(json.dumps(content), kind, "p")
    if kind is PolicyKind.IDENTITY:
        decision = authorize(request, Policies(identity=(parsed,), resource=key_policy(DELEGATION)))
    elif kind is PolicyKind.TRUST:
        assuming = Request(SESSION, "sts:AssumeRole", Resource(ROLE, HOME))
        decision = authorize(assuming, Policies(identity=(OPEN,), resource=parsed))
    else:
        decision = authorize(request, Policies(identity=(OPEN,), resource=parsed))
    return decision.reason.removeprefix("not understood: ")


ANYONE = {"Principal": "*"}


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (PolicyKind.IDENTITY, [], "p: the document, which is not a JSON object"),
        (PolicyKind.IDENTITY, {"Statements": []}, "p: the element 'Statements' of the document"),
        (PolicyKind.IDENTITY, {"Version": "2008"}, "p: the version '2008' of the document"),
        (
            PolicyKind.IDENTITY,
            {"Statement": []},
            "p: the document, which has no Statement that is an object or a list of objects",
        ),
        (PolicyKind.IDENTITY, {"Statement": allow(Sid=7)}, "p, statement 1: the Sid, which is not a string"),
        (PolicyKind.IDENTITY, {"Statement": allow(Effect="allow")}, "p, statement 1: the Effect 'allow'"),
        (PolicyKind.IDENTITY, {"Statement": allow(**ANYONE)}, "p, statement 1: the element 'Principal'"),
        (
            PolicyKind.IDENTITY,
            {"Statement": allow(NotAction="x:y")},
            "p, statement 1: the statement, which needs one of Action and NotAction",
        ),
        (
            PolicyKind.IDENTITY,
            {"Statement": allow(Resource=[])},
            "p, statement 1: the Resource, which is not a string or a list of strings",
        ),
        (
            PolicyKind.IDENTITY,
            {"Statement": allow(Condition=[])},
            "p, statement 1: the Condition, which is not an object",
        ),
        (
            PolicyKind.IDENTITY,
            {"Statement": allow(Condition={"A": "x", "B": {"aws:userid": "y"}, "Bool": {"no:key": "y"}})},
            (
                "p, statement 1: the condition 'A', which is not an object; the condition operator 'B'; the condition key "
                "'no:key'"
            ),
        ),
        (
            PolicyKind.IDENTITY,
            {"Version": "2012-10-17", "Statement": allow(Resource="x${*}y")},
            "p, statement 1: the resource 'x*y', which is neither `*` nor an ARN",
        ),
        (
            PolicyKind.IDENTITY,
            {"Version": "2012-10-17", "Statement": allow(Resource="arn:aws:kms:*:${aws:userid}:key/${aws:userid}")},
            (
                "p, statement 1: the resource 'arn:aws:kms:*:${aws:userid}:key/${aws:userid}', with a variable before its "
                "fifth colon"
            ),
        ),
        (
            PolicyKind.KEY,
            {"Statement": allow()},
            "p, statement 1: the statement, which needs one of Principal and NotPrincipal",
        ),
        (
            PolicyKind.KEY,
            {"Statement": allow(NotPrincipal={"AWS": "222222222222"})},
            "p, statement 1: the element 'NotPrincipal'",
        ),
        (
            PolicyKind.KEY,
            {"Statement": allow(Condition={"Null": {"aws:ResourceTag/x": "true"}}, **ANYONE)},
            "p, statement 1: the condition key 'aws:ResourceTag/x', which is not permitted in a key policy",
        ),
        (
            PolicyKind.TRUST,
            {
                "Statement": {
                    "Effect": "Allow",
                    "Action": "sts:*",
                    "More": 1,
                    "Resource": "*",
                    "NotResource": 1,
                    **ANYONE,
                }
            },
            "p, statement 1: the element 'More'; the element 'Resource'; the element 'NotResource'",
        ),
        (
            PolicyKind.TRUST,
            {"Statement": {"Effect": "Allow", "Action": "sts:*", "NotResource": "*", **ANYONE}},
            "p, statement 1: the element 'NotResource'",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_not_understood_in_a_document_is_named(kind: PolicyKind, content: Any, expected: str) -> None:
    assert reason(kind, content) == expected


def test_a_document_may_have_an_id_and_a_million_characters() -> None:
    text = json.dumps({"Id": "x", "Version": "2012-10-17", "Statement": DELEGATION})
    assert parse_policy(text, PolicyKind.KEY, "p").document.problem is None
    assert parse_policy(text.ljust(1 << 20), PolicyKind.KEY, "p").document.problem is None
    longer = parse_policy(text.ljust((1 << 20) + 1), PolicyKind.KEY, "p").document
    assert longer.problem == "the document, which has more than 1048576 characters"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "the document, which is not text"),
        ("[" * 50_000 + "]" * 50_000, "the document, which is nested too deeply"),
        ('{"\\ud800": 1}', "the document, which holds text that is not valid Unicode"),
        ('{"a": 1, "b": 2, "a": 3, "b": 4}', "the document, which has the name 'a' twice in one object"),
        ('{"a": NaN}', "the document, which is not JSON (NaN)"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_text_that_is_no_policy(text: Any, problem: str) -> None:
    assert parse_policy(text, PolicyKind.KEY, "p").document.problem == problem


def test_a_document_is_compiled_once() -> None:
    text = json.dumps({"Statement": DELEGATION})
    assert parse_policy(text, PolicyKind.KEY, "a").document is parse_policy(text, PolicyKind.KEY, "b").document
    assert parse_policy(text, PolicyKind.KEY, "a").document != parse_policy(text, PolicyKind.IDENTITY, "a").document


def test_variables_between_wildcards() -> None:
    def fits(pattern: str, seen: str) -> bool:
        identity = policy(PolicyKind.IDENTITY, allow(Condition={"StringLike": {"kms:ViaService": pattern}}))
        caller = replace(SESSION, tags={"team": "b*"})
        request = Request(caller, "kms:ListKeys", Resource("*", HOME), {"kms:ViaService": seen})
        return authorize(request, Policies(identity=(identity,))).allowed

    assert fits("a*${aws:PrincipalTag/team}c?", "aXXb*cY")
    assert not fits("a*${aws:PrincipalTag/team}c?", "aXXbXcY")
    assert fits("${aws:PrincipalTag/team}*", "b*XX")
    assert fits("${aws:PrincipalTag/team}", "b*")
    assert not fits("${aws:PrincipalTag/team}", "bX")
    assert fits("${*}${?}${$}*", "*?$x")


def test_every_action_of_every_service() -> None:
    for action in ("*", "*:*"):
        given = Policies(identity=(policy(PolicyKind.IDENTITY, allow(Action=action)),))
        assert authorize(Request(SESSION, "ec2:RunInstances", Resource("*", HOME)), given).allowed


# Decisions without a key


def test_what_a_caller_may_do_without_policies() -> None:
    decision = authorize(Request(SESSION, "sts:GetCallerIdentity", Resource("*", HOME)), Policies())
    assert decision.allowed
    assert decision.reason == "sts:GetCallerIdentity needs no permission"
    decision = authorize(Request(ROOT, "kms:ListKeys", Resource("*", HOME)), Policies())
    assert decision.source is Source.ACCOUNT_ROOT
    assert decision.reason == "the account root user may do everything in its account"
    decision = authorize(Request(SERVICE, "kms:ListKeys", Resource("*", "")), Policies())
    assert not decision.allowed
    assert decision.reason == "the caller has no identity-based policies"


def test_a_root_user_of_another_account_is_let_in_by_the_key_policy() -> None:
    other = Principal(PrincipalType.ACCOUNT_ROOT, f"arn:aws:iam::{OTHER}:root", OTHER, f"arn:aws:iam::{OTHER}:root")
    request = Request(other, "kms:Decrypt", Resource(KEY, HOME))
    decision = authorize(request, Policies(resource=key_policy(allow(Principal={"AWS": OTHER}))))
    assert decision.allowed
    assert decision.source is Source.KEY_POLICY


def test_a_role_or_a_key_without_its_policy_is_closed() -> None:
    everything = Policies(identity=(policy(PolicyKind.IDENTITY, allow(Action="*")),))
    assert not authorize(Request(SESSION, "sts:AssumeRole", Resource(ROLE, HOME)), everything).allowed
    assert not authorize(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME)), everything).allowed
    assert authorize(Request(SESSION, "iam:GetRole", Resource(ROLE, HOME)), everything).allowed
    federated = Resource(f"arn:aws:sts::{HOME}:federated-user/x", HOME)
    assert authorize(Request(SESSION, "sts:GetFederationToken", federated), everything).allowed


def test_a_resource_that_is_no_arn_is_named() -> None:
    limited = Policies(identity=(policy(PolicyKind.IDENTITY, allow(Resource="arn:aws:kms:*:*:key/*")),))
    decision = authorize(Request(SESSION, "kms:Decrypt", Resource("key/x", HOME)), limited)
    assert decision.reason.endswith("the requested resource 'key/x', which is no ARN")


def test_an_error_while_deciding_refuses_and_is_named() -> None:
    broken = Request(SESSION, "kms:Decrypt", None, {})  # type: ignore[arg-type]
    decision = authorize(broken, Policies(resource=key_policy(DELEGATION)))
    assert decision.source is Source.NOT_UNDERSTOOD
    assert decision.reason == "not understood: the request or a policy: AttributeError while deciding"
    assert decision.error is not None
    assert decision.error.message.startswith(
        f"User: {SESSION.arn} is not authorized to perform: kms:Decrypt on resource:  because this is not understood: "
    )


def test_an_anonymous_caller_is_called_so() -> None:
    nobody = Principal(PrincipalType.ANONYMOUS, "")
    decision = authorize(Request(nobody, "kms:Decrypt", Resource(KEY, HOME)), Policies(resource=key_policy(DELEGATION)))
    assert decision.error is not None
    assert decision.error.message.startswith("User: anonymous is not authorized to perform: kms:Decrypt on")
    odd = replace(SESSION, arn="x\ud800")
    decision = authorize(Request(odd, "kms:ListKeys", Resource("*", HOME)), Policies())
    assert decision.error is not None
    assert decision.error.message.startswith("User: x\\ud800 is not authorized to perform: kms:ListKeys on")


# Unknowns: each is one switch


DECRYPT = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME, {}))
FOREIGN = Request(GUEST, "kms:Decrypt", Resource(KEY, HOME, {"team": ""}))
CLOSED = {kind: policy(kind, allow(Action="kms:Encrypt")) for kind in (PolicyKind.BOUNDARY, PolicyKind.SESSION)}
SERVICE = Principal(PrincipalType.SERVICE, "ec2.amazonaws.com")
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
