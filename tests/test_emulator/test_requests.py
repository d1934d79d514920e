"""A request has one meaning: one that says something twice, or contradicts itself, is refused with a code of AWS's.

The requests are written by hand, since AWS's clients make none of them. None may end in an answer, in an error of
status 500, or in a connection that is closed without an answer.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from emulator import Emulator
from harness.aws import tally
from test_emulator.aws import Account, allow, code_of

REQUESTS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("requests.yaml").read_text())
PROPER: dict[str, tuple[str, dict[str, str], str]] = {
    "json": ("kms", {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.ListKeys"}, "{}"),
    "query": ("iam", {"Content-Type": "application/x-www-form-urlencoded"}, "Action=ListRoles&Version=2010-05-08"),
}


def sent(emulator: Emulator, text: str) -> str:
    """The whole answer to this text, sent unchanged."""
    address = urlsplit(emulator.endpoint_url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as connection:
        connection.sendall(text.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.decode("utf-8", "replace")


def written(case: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The request's text."""
    service, headers, body = PROPER[case["of"]]
    body = case.get("body", body)
    signature = "AWS4-HMAC-SHA256 Credential=<key>/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"
    names = {**names, "signature": signature.format(service).replace("<key>", names["key"])}
    fields: dict[str, str | None] = {
        "Host": "localhost",
        "Authorization": names["signature"],
        "X-Amz-Security-Token": names["token"],
        "Content-Length": str(len(re.sub("<other>", names["other"], body))),
        "Connection": "close",
        **headers,
        **case.get("header", {}),
    }
    lines = [case.get("line", "POST / HTTP/1.1")]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    text = "\r\n".join([*lines, *case.get("more", ()), "", body])
    return re.sub("<([a-z]+)>", lambda match: names[match[1]], text)


@pytest.fixture
def names(account: Account, other: Account) -> dict[str, str]:
    """A caller that may do everything with KMS and IAM in its own account, and another account."""
    session = account.session("Caller", allow("kms:*", "iam:*"))
    return {"key": session.key, "token": session.token or "", "other": other.id}


@pytest.mark.parametrize("of", list(PROPER))
def test_the_proper_request_is_answered(emulator: Emulator, names: dict[str, str], of: str) -> None:
    assert sent(emulator, written({"of": of}, names)).startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case["name"])
def test_a_request_with_two_meanings_is_refused(
    emulator: Emulator, names: dict[str, str], case: dict[str, Any]
) -> None:
    status, code = case["answer"].split(" ")
    answer = sent(emulator, written(case, names))
    assert answer.startswith(f"HTTP/1.1 {status} "), answer
    assert f'"__type": "{code}"' in answer or f"<Code>{code}</Code>" in answer, answer
    tally.CURRENT.asserted += 1


def test_a_refused_request_hides_no_second_one(emulator: Emulator, names: dict[str, str]) -> None:
    """The connection ends where the two ends may differ about where the body ends."""
    smuggled = written({"of": "json", "header": {"X-Amz-Target": "TrentService.CreateKey"}}, names)
    for header in ({"Transfer-Encoding": "chunked"}, {"Content-Length": "0x0"}):
        answer = sent(emulator, written({"of": "json", "header": header, "body": smuggled}, names))
        assert answer.count("HTTP/1.1 ") == 1
        assert "KeyMetadata" not in answer


def test_two_requests_on_one_connection_are_two_calls(emulator: Emulator, names: dict[str, str]) -> None:
    keep = written({"of": "json", "header": {"Connection": None}}, names)
    assert sent(emulator, keep + keep).count("HTTP/1.1 200 ") == 2


def test_an_access_key_of_one_account_reaches_no_other(account: Account, other: Account) -> None:
    """Access keys and sessions are found by what was issued, whatever account their text decodes to."""
    for suffix in ("0", "A"):
        forged = account.root.__class__(account.root.endpoint, other.id + suffix)
        assert code_of(forged.kms.list_keys) == "UnrecognizedClientException"
