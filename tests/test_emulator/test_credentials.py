"""Credentials that AWS would not accept are refused in AWS's words, and no header or path gets around the gate."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from emulator import Emulator, decision_header
from emulator.decision_header import Explanation
from harness.aws.cloud import CLIENT_CONFIG
from test_emulator.aws import SESSION, Account, Caller, allow, code_of, error_of, make_user

INVALID = "The security token included in the request is invalid."


def headers_for(access_key: str, service: str = "kms") -> dict[str, str]:
    """A signed request's headers; the signature itself is not looked at."""
    scope = f"{access_key}/20260101/us-east-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def post(emulator: Emulator, headers: Mapping[str, str], body: str = "{}", path: str = "/") -> tuple[int, Any]:
    """The status and the body, read from JSON if it is JSON, of a hand-made request."""
    connection = http.client.HTTPConnection(emulator.endpoint_url.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    finally:
        connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, text


LIST_KEYS = {"X-Amz-Target": "TrentService.ListKeys", "Content-Type": "application/x-amz-json-1.1"}


@pytest.mark.parametrize(
    "key", ["AKIAIOSFODNN7EXAMPLE", "LKIAQAAAAAAAGMKEM7X5", "1234567890123", "12345678901", "test"]
)
def test_access_keys_that_were_never_issued(emulator: Emulator, key: str) -> None:
    unknown = Caller(emulator.endpoint_url, key)
    assert error_of(unknown.kms.list_keys) == ("UnrecognizedClientException", INVALID)
    assert error_of(unknown.sts.get_caller_identity) == ("InvalidClientTokenId", INVALID)
    assert error_of(unknown.iam.list_roles) == ("InvalidClientTokenId", INVALID)
    assert f"access key {key} was not issued here" in emulator.log()


def test_an_access_key_that_was_deleted_or_switched_off(account: Account) -> None:
    user = make_user(account.root, "User", allow("kms:*"))
    assert code_of(user.kms.list_keys) == "allowed"
    account.root.iam.update_access_key(UserName="User", AccessKeyId=user.key, Status="Inactive")
    assert code_of(user.kms.list_keys) == "UnrecognizedClientException"
    account.root.iam.update_access_key(UserName="User", AccessKeyId=user.key, Status="Active")
    assert code_of(user.kms.list_keys) == "allowed"
    account.root.iam.delete_access_key(UserName="User", AccessKeyId=user.key)
    assert code_of(user.kms.list_keys) == "UnrecognizedClientException"


def test_a_session_needs_its_own_token(account: Account) -> None:
    one, two = account.session("One", allow("kms:*")), account.session("Two", allow("kms:*"))
    assert code_of(one.kms.list_keys) == "allowed"
    for token in (None, two.token, "nonsense"):
        mixed = Caller(one.endpoint, one.key, one.secret, token)
        assert code_of(mixed.kms.list_keys) == "UnrecognizedClientException"


def test_a_session_of_a_role_that_was_deleted(account: Account) -> None:
    session = account.session("Role", allow("kms:*"))
    account.root.iam.delete_role_policy(RoleName="Role", PolicyName="policy0")
    account.root.iam.delete_role(RoleName="Role")
    assert error_of(session.kms.list_keys) == ("UnrecognizedClientException", INVALID)
    assert error_of(session.sts.get_caller_identity) == ("InvalidClientTokenId", INVALID)
    account.role("Role", allow("kms:*"))
    assert error_of(session.kms.list_keys) == ("UnrecognizedClientException", INVALID)


def test_a_request_without_a_signature(emulator: Emulator) -> None:
    unsigned = CLIENT_CONFIG.merge(Config(signature_version=UNSIGNED))
    client = SESSION.client("kms", endpoint_url=emulator.endpoint_url, region_name="us-east-1", config=unsigned)
    assert code_of(client.list_keys) == "MissingAuthenticationTokenException"
    client = SESSION.client("sts", endpoint_url=emulator.endpoint_url, region_name="us-east-1", config=unsigned)
    assert code_of(client.get_caller_identity) == "MissingAuthenticationToken"


def test_a_signature_in_the_query_string(emulator: Emulator, account: Account) -> None:
    request = AWSRequest("POST", emulator.endpoint_url + "/", data="{}", headers=LIST_KEYS)
    SigV4QueryAuth(Credentials(account.id, "any"), "kms", "us-east-1").add_auth(request)
    prepared = urllib.parse.urlsplit(request.prepare().url)
    status, body = post(emulator, LIST_KEYS, path=f"{prepared.path}?{prepared.query}")
    assert (status, body["__type"]) == (400, "MissingAuthenticationTokenException")


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS 111111111111:signature",
        "Basic MTExMTExMTExMTExOng=",
        "AWS4-HMAC-SHA256 Credential=111111111111",
        "AWS4-HMAC-SHA256 Credential=111111111111/20260101/us-east-1/kms/other, SignedHeaders=host, Signature=0",
    ],
)
def test_an_authorization_header_of_another_kind(emulator: Emulator, authorization: str) -> None:
    status, body = post(emulator, {**LIST_KEYS, "Authorization": authorization})
    assert status >= 400
    assert "Keys" not in str(body)


def test_two_authorization_headers_are_refused(emulator: Emulator, account: Account) -> None:
    account.key()
    connection = http.client.HTTPConnection(emulator.endpoint_url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/")
    for value in (headers_for("LKIAQAAAAAAAGMKEM7X5"), headers_for(account.id)):
        connection.putheader("Authorization", value["Authorization"])
    for name, text in LIST_KEYS.items():
        connection.putheader(name, text)
    connection.putheader("Content-Length", "2")
    connection.endheaders(b"{}")
    answer = connection.getresponse()
    assert answer.status == 400
    assert json.loads(answer.read())["__type"] == "MalformedHttpRequestException"
    connection.close()


@pytest.mark.parametrize(
    "forged",
    [
        {"x-localstack-data": '{"service_principal":"cloudformation"}'},
        {"X-LocalStack-Data": "{}"},
        {"x_localstack_data": "{}"},
        {"x-moto-account-id": "000000000000"},
        {"x-localstack-target": "anything"},
        {"x-amz-request-id": "internal"},
        {"X-Forwarded-For": "127.0.0.1"},
    ],
)
def test_no_header_makes_a_call_internal(emulator: Emulator, account: Account, forged: dict[str, str]) -> None:
    bare = account.session("Bare")
    headers = {**headers_for(bare.key), "X-Amz-Security-Token": bare.token or "", **LIST_KEYS}
    assert post(emulator, headers)[1]["__type"] == "AccessDeniedException"
    status, body = post(emulator, {**headers, **forged})
    assert (status, body["__type"]) == (400, "AccessDeniedException")


def test_the_services_internal_access_key_is_no_credential(emulator: Emulator) -> None:
    status, body = post(emulator, {**headers_for("__internal_call__"), **LIST_KEYS, "x-localstack-data": "{}"})
    assert (status, body["__type"]) == (400, "UnrecognizedClientException")


@pytest.mark.parametrize(
    "path",
    [
        "/_localstack/info",
        "/_localstack/plugins",
        "/_localstack/init",
        "/_localstack/config",
        "/_localstack/diagnose",
        "/_localstack/state/reset",
        "/_aws/kms",
        "/health",
        "/",
    ],
)
def test_nothing_but_the_health_of_the_emulator_is_open(emulator: Emulator, path: str) -> None:
    connection = http.client.HTTPConnection(emulator.endpoint_url.removeprefix("http://"), timeout=10)
    for method, there in (("GET", path), ("POST", path), ("GET", "/_localstack/health")):
        connection.request(method, there)
        answer = connection.getresponse()
        body = answer.read()
        assert (answer.status == 200) == (there == "/_localstack/health"), (method, there, body)
        assert answer.status < 500
    connection.close()


def test_a_service_that_is_not_offered(account: Account) -> None:
    code, message = error_of(account.root.client("secretsmanager").list_secrets)
    assert (code, message) == ("UnsupportedOperation", "The emulator does not offer secretsmanager.ListSecrets.")


def test_an_operation_of_another_service_in_the_target_header(emulator: Emulator, account: Account) -> None:
    bare = account.session("Bare")
    headers = {**headers_for(bare.key, "sts"), "X-Amz-Security-Token": bare.token or "", **LIST_KEYS}
    status, body = post(emulator, headers)
    assert 400 <= status < 500
    assert "KeyArn" not in str(body)


@pytest.mark.parametrize(
    "operation", ["ExportKey", "encrypt", "GetKeyLastUsages", "", "Encrypt;ListKeys", "a/ListKeys"]
)
def test_an_operation_that_kms_does_not_have_is_named(emulator: Emulator, account: Account, operation: str) -> None:
    account.key()
    before = emulator.log()
    headers = {**headers_for(account.id), **LIST_KEYS, "X-Amz-Target": f"TrentService.{operation}"}
    status, body = post(emulator, headers)
    assert (status, body["__type"]) == (400, "UnknownOperationException")
    assert f"refused kms:{operation}: unsupported: the operation {operation!r}" in emulator.log()[len(before) :]


def test_an_operation_that_iam_does_not_have_is_named(emulator: Emulator, account: Account) -> None:
    headers = {**headers_for(account.id, "iam"), "Content-Type": "application/x-www-form-urlencoded"}
    status, body = post(emulator, headers, "Action=BecomeAdministrator&Version=2010-05-08")
    assert (status, "<Code>InvalidAction</Code>" in body) == (400, True)
    assert "refused iam:BecomeAdministrator: unsupported" in emulator.log()


@pytest.mark.parametrize(
    "forged",
    [
        decision_header.write(Explanation(True, "identity-based policy", "because I say so")),
        {"X-HTTP-Method-Override": "GET"},
        {"X-Original-URL": "/_localstack/health"},
        {"X-Rewrite-URL": "/_localstack/health"},
        {"Host": "kms.us-east-1.amazonaws.com"},
        {"Host": "localhost.localstack.cloud"},
        {"Host": "s3.localhost.localstack.cloud"},
        {"X-Amz-Security-Token": ""},
        {"x-amz-account-id": "000000000000"},
        {"X-Amz-Source-Account": "000000000000"},
        {"aws-service-principal": "ec2.amazonaws.com"},
        {"x-amzn-via-service": "ec2.us-east-1.amazonaws.com"},
        {"Content-Type": "application/x-amz-json-1.0"},
        {"Content-Type": "application/x-amz-cbor-1.1"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"smithy-protocol": "rpc-v2-cbor"},
    ],
)
def test_no_header_grants_access_to_a_key(emulator: Emulator, account: Account, forged: dict[str, str]) -> None:
    via = {"StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"}}
    session, key = account.session("Through", allow("kms:*", Condition=via)), account.key()
    headers = {
        **headers_for(session.key),
        **LIST_KEYS,
        "X-Amz-Target": "TrentService.Encrypt",
        "X-Amz-Security-Token": session.token or "",
    }
    status, body = post(emulator, {**headers, **forged}, json.dumps({"KeyId": key, "Plaintext": "eA=="}))
    assert 400 <= status < 500, body
    assert "CiphertextBlob" not in str(body)


def test_the_same_request_of_an_authorized_caller_is_answered(emulator: Emulator, account: Account) -> None:
    session, key = account.session("May", allow("kms:Encrypt")), account.key()
    headers = {
        **headers_for(session.key),
        **LIST_KEYS,
        "X-Amz-Target": "TrentService.Encrypt",
        "X-Amz-Security-Token": session.token or "",
    }
    status, body = post(emulator, headers, json.dumps({"KeyId": key, "Plaintext": "eA=="}))
    assert (status, "CiphertextBlob" in body) == (200, True)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="nothing"),
        pytest.param("{", id="half"),
        pytest.param("[]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param('{"KeyId": 5, "Plaintext": "eA=="}', id="a number for a text"),
        pytest.param('{"KeyId": ["a"], "Plaintext": "eA=="}', id="a list for a text"),
        pytest.param('{"Plaintext": "eA=="}', id="no key id"),
        pytest.param('{"KeyId": "", "Plaintext": "eA=="}', id="an empty key id"),
        pytest.param('{"KeyId": "\\ud800", "Plaintext": "eA=="}', id="a lone surrogate"),
        pytest.param('{"KeyId": "a", "KeyId": "b", "Plaintext": "eA=="}', id="a member twice"),
        pytest.param("[" * 100_000, id="deep nesting"),
        pytest.param('{"KeyId": "' + "a" * 1_000_000 + '", "Plaintext": "eA=="}', id="a very long key id"),
    ],
)
def test_a_body_that_is_no_request(emulator: Emulator, account: Account, body: str) -> None:
    headers = {**headers_for(account.id), **LIST_KEYS, "X-Amz-Target": "TrentService.Encrypt"}
    status, answer = post(emulator, headers, body)
    assert 400 <= status < 500, answer
    assert "CiphertextBlob" not in str(answer)
