"""AWS at the HTTP layer: one account with keys, which fails where a test says so. Nothing leaves the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from test_audit.account import ACCOUNT, REGION, allow, document

type Failing = Callable[[str, str, Mapping[str, Any]], tuple[int, str] | None]
"""From operation, Region and members to the HTTP status and the error code; None where the call succeeds."""

KEY_ANSWERS: Mapping[str, Callable[[str], Mapping[str, Any]]] = {
    "DescribeKey": lambda arn: {
        "KeyMetadata": {
            "KeyId": arn.rpartition("/")[2],
            "Arn": arn,
            "KeyManager": "CUSTOMER",
            "KeyState": "Enabled",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "Origin": "AWS_KMS",
        }
    },
    "GetKeyPolicy": lambda _: {"Policy": document(allow()), "PolicyName": "default"},
    "ListResourceTags": lambda _: {"Tags": [], "Truncated": False},
    "ListGrants": lambda _: {"Grants": [], "Truncated": False},
}
XML: Mapping[str, str] = {
    "GetCallerIdentity": f"<Arn>arn:aws:iam::{ACCOUNT}:user/a</Arn><UserId>U</UserId><Account>{ACCOUNT}</Account>",
    "GetAccountAuthorizationDetails": "<IsTruncated>false</IsTruncated>",
}


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body


class Aws:
    """Answers the calls of a session. calls: the operations asked for, in order."""

    def __init__(self, keys: int = 3, failing: Failing = lambda *_: None) -> None:
        self.calls: list[str] = []
        self.arns = [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number}" for number in range(keys)]
        self._failing = failing

    def session(self) -> boto3.Session:
        """A session whose calls are answered here."""
        session = boto3.Session("AKIAEXAMPLE", "secret", region_name=REGION)
        session.events.register("before-send", self._answer)
        return session

    def _answer(self, request: Any, **_: Any) -> Any:
        target = request.headers.get("X-Amz-Target", b"")
        region = urlsplit(request.url).hostname.split(".")[1]
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        if target:
            name = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
            members = json.loads(body)
        else:
            members = parse_qs(body)
            name = members["Action"][0]
        self.calls.append(name)
        failed = self._failing(name, region, members)
        if failed:
            status, code = failed
            text = (
                json.dumps({"__type": code, "message": "no"})
                if target
                else f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
            )
            return AWSResponse(request.url, status, HTTPHeaders(), _Raw(text.encode()))
        if not target:
            text = f"<{name}Response><{name}Result>{XML[name]}</{name}Result></{name}Response>"
        elif name == "ListKeys":
            text = json.dumps({"Keys": [{"KeyArn": arn, "KeyId": arn.rpartition("/")[2]} for arn in self.arns]})
        elif name == "ListAliases":
            text = json.dumps({"Aliases": []})
        else:
            text = json.dumps(KEY_ANSWERS[name](members["KeyId"]))
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(text.encode()))
