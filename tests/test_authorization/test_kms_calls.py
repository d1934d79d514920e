"""Calls of KMS: the lockout check, keys that are not there, calls that cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.authorization import kms
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms_call import Key, KmsCall
from plerion_kms.authorization.kms_operations import Permission, permissions
from test_authorization.parts import (
    DELEGATION,
    GUEST,
    HOME,
    KEY,
    OPEN,
    OTHER,
    ROLE,
    SESSION,
    allow,
    key_policy,
    policy,
)

# The lockout check


def test_the_lockout_check_sees_the_region_and_the_account_of_the_caller() -> None:
    caller = Caller(SESSION, identity=(policy(PolicyKind.IDENTITY, allow()),))
    key = Key(arn=KEY, policy=key_policy(DELEGATION))
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
    there = Key(arn=KEY, policy=key_policy(DELEGATION))
    keys = {name: None if name == role else there for name in ("key", "source", "destination", "former", "target")}
    caller = Caller(SESSION, identity=(OPEN,))
    decision = kms.authorize_call(caller, KmsCall(operation, parameters, "eu-west-1", HOME, keys))
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
    call = KmsCall("Encrypt", {"KeyId": KEY_ID}, region, HOME, {"key": None})
    assert kms.authorize_call(Caller(SESSION), call).reason == (
        f"Key 'arn:{partition}:kms:{region}:{HOME}:key/{KEY_ID}' does not exist"
    )


def test_a_call_of_kms_that_cannot_be_read_is_refused() -> None:
    call = KmsCall("CreateAlias", {}, "eu-west-1", HOME, {})
    decision = kms.authorize_call(Caller(SESSION, (OPEN,)), call)
    assert decision.reason == "unsupported: the call: KeyError while reading it"
    assert decision.error is not None
    assert decision.error.message == (
        f"User: {SESSION.arn} is not authorized to perform: kms:CreateAlias on resource: * because this is "
        "unsupported: the call: KeyError while reading it"
    )


def test_grants_of_a_principal_of_another_account_cannot_be_listed() -> None:
    call = KmsCall("ListRetirableGrants", {"RetiringPrincipal": GUEST.issuer_arn}, "eu-west-1", HOME, {})
    decision = kms.authorize_call(Caller(SESSION, (OPEN,)), call)
    assert decision.reason == f"{GUEST.issuer_arn} is not in the caller's account"
    call = replace(call, parameters={"RetiringPrincipal": ROLE})
    assert kms.authorize_call(Caller(SESSION, (OPEN,)), call).allowed
    call = replace(call, parameters={"RetiringPrincipal": "Scan"})
    assert kms.authorize_call(Caller(SESSION, (OPEN,)), call).reason == ("unsupported: the retiring principal 'Scan'")


def test_a_grant_that_is_not_there_is_named() -> None:
    there = Key(arn=KEY, policy=key_policy(DELEGATION))
    call = KmsCall("RetireGrant", {"KeyId": KEY, "GrantId": "g"}, "eu-west-1", HOME, {"key": there})
    assert kms.authorize_call(Caller(SESSION, (OPEN,)), call).reason == "Grant ID g not found"
    call = replace(call, parameters={"GrantToken": "t"})
    assert kms.authorize_call(Caller(SESSION, (OPEN,)), call).reason == "Grant ID  not found"


def test_control_policies_hold_in_calls_of_kms() -> None:
    closed = policy(PolicyKind.RESOURCE_CONTROL, allow(Action="kms:Encrypt", Principal="*"))
    key = Key(arn=KEY, policy=key_policy(DELEGATION), resource_control=((closed,),))
    caller = Caller(SESSION, (OPEN,))

    def answer(key: Key, caller: Caller = caller, operation: str = "DescribeKey") -> bool:
        call = KmsCall(operation, {"KeyId": KEY}, "eu-west-1", HOME, {"key": key})
        return kms.authorize_call(caller, call).allowed

    assert not answer(key)
    assert answer(replace(key, resource_control=()))
    assert answer(replace(key, aws_managed=True))
    limited = replace(caller, service_control=((policy(PolicyKind.SERVICE_CONTROL, allow(Action="kms:Encrypt")),),))
    assert not answer(replace(key, resource_control=()), limited)
    assert not answer(key, limited, "ListKeys")
    assert answer(key, caller, "ListKeys")


def test_a_key_of_another_account_that_is_not_there_looks_forbidden() -> None:
    cross_account = f"arn:aws:kms:eu-west-1:{OTHER}:key/{KEY_ID}"
    call = KmsCall("Encrypt", {"KeyId": cross_account}, "eu-west-1", HOME, {"key": None})
    decision = kms.authorize_call(Caller(SESSION, (OPEN,)), call)
    assert decision.reason == f"there is no key {cross_account!r}"
    assert decision.error is not None
    assert decision.error.message == (
        f"User: {SESSION.arn} is not authorized to perform: kms:Encrypt on this resource because the resource does not "
        "exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies "
        "access"
    )


def under(operation: str, parameters: dict[str, Any], condition: dict[str, Any], **key: Any) -> bool:
    """Whether a caller may make a call who may do everything under one condition."""
    caller = Caller(SESSION, (policy(PolicyKind.IDENTITY, allow(Condition=condition)),))
    there = Key(arn=KEY, policy=key_policy(DELEGATION), **key)
    return kms.authorize_call(caller, KmsCall(operation, parameters, "eu-west-1", HOME, {"key": there})).allowed


def test_a_request_by_key_id_has_no_alias() -> None:
    for key_id in (KEY, KEY_ID):
        assert under("Encrypt", {"KeyId": key_id}, {"Null": {"kms:RequestAlias": "true"}})
    for alias in ("alias/a", f"{PREFIX}:alias/a"):
        assert under("Encrypt", {"KeyId": alias}, {"StringEquals": {"kms:RequestAlias": "alias/a"}})


def test_whether_a_key_is_one_of_many_regions_is_text_too() -> None:
    assert under("Encrypt", {"KeyId": KEY}, {"StringEquals": {"kms:MultiRegion": "false"}})
    assert under("Encrypt", {"KeyId": KEY}, {"StringEquals": {"kms:MultiRegion": "true"}}, multi_region=True)
    assert under("Encrypt", {"KeyId": KEY}, {"Null": {"kms:MultiRegionKeyType": "true"}})


def test_a_new_key_has_a_multi_region_type_only_if_it_is_one() -> None:
    primary = {"StringEquals": {"kms:MultiRegionKeyType": "PRIMARY"}}
    assert under("CreateKey", {"MultiRegion": True}, primary)
    assert not under("CreateKey", {}, primary)
    assert under("CreateKey", {}, {"Null": {"kms:MultiRegionKeyType": "true"}})


def test_a_grant_with_two_constraints_has_the_names_and_pairs_of_both() -> None:
    both = {"EncryptionContextEquals": {"a": "1"}, "EncryptionContextSubset": {"b": "2"}}
    parameters = {"KeyId": KEY, "GranteePrincipal": ROLE, "Operations": ["Decrypt"], "Constraints": both}
    names = {"kms:GrantConstraintType": ["EncryptionContextEquals"]}
    assert under("CreateGrant", parameters, {"ForAnyValue:StringEquals": names})
    assert not under("CreateGrant", parameters, {"ForAllValues:StringEquals": names})
    assert under("CreateGrant", parameters, {"StringEquals": {"kms:EncryptionContext:a": "1"}})
    assert under("CreateGrant", parameters, {"StringEquals": {"kms:EncryptionContext:b": "2"}})
    assert under("CreateGrant", parameters, {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a", "b"]}})


def test_one_permission_of_a_call_is_decided_on_the_key_that_it_is_on() -> None:
    source = Key(arn=KEY, policy=key_policy(DELEGATION))
    destination = Key(arn=f"{KEY}0", policy=key_policy())
    call = KmsCall("ReEncrypt", {}, "eu-west-1", HOME, {"source": source, "destination": destination})
    from_, to = permissions("ReEncrypt")
    caller = Caller(SESSION, (OPEN,))
    assert kms.authorize_permission(caller, call, from_).allowed
    assert not kms.authorize_permission(caller, call, to).allowed
    assert not kms.authorize_permission(caller, replace(call, operation="Unknown"), Permission("kms:Unknown")).allowed
    assert not kms.authorize_permission(caller, replace(call, keys={}), from_).allowed
