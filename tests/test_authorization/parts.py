"""Callers, policies and requests of which the tests of single parts of the engine are made."""

from __future__ import annotations

import json
from typing import Any

from plerion_kms.authorization.context import Context
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Grant
from plerion_kms.authorization.request import Principal, PrincipalType, Request, Resource

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
GRANT = Grant("g", KEY, ROLE, ("Decrypt",), HOME)
CLOSED = {kind: policy(kind, allow(Action="kms:Encrypt")) for kind in (PolicyKind.BOUNDARY, PolicyKind.SESSION)}
SERVICE = Principal(PrincipalType.SERVICE, "ec2.amazonaws.com")


def tag(key: str, value: str = "") -> dict[str, str]:
    return {"Key": key, "Value": value}


def context(**given: Any) -> Context:
    return Context(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME), given))
