"""Parts of the engine by themselves, where a whole case says too little about them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from authorization import kms, simulate, sts, unknowns, validation
from authorization.caller import Caller
from authorization.context import Context
from authorization.decision import Source
from authorization.documents import Policy, PolicyKind, parse_policy
from authorization.engine import authorize, authorize_caller_side
from authorization.errors import NotUnderstoodError
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
    keys = {name: None if name == role else there for name in ("key", "source", "destination", "target")}
    caller = Caller(SESSION, identity=(OPEN,))
    decision = kms.authorize_call(caller, kms.KmsCall(operation, parameters, "eu-west-1", HOME, keys))
    assert decision.error is not None
    assert (decision.error.code, decision.error.status, decision.error.message) == ("NotFoundException", 400, text)


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
