"""Decisions per second for many keys, principals and actions, with policies compiled once and compiled each time.

Absolute figures depend on the machine; the ratio of the two, taken in the same run, does not.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product

from authorization.documents import Policy, PolicyKind, parse_policy
from authorization.engine import authorize
from authorization.policies import Policies
from authorization.request import Principal, PrincipalType, Request, Resource
from authorization.statements import compile_document

ACCOUNT = "111111111111"
ACTIONS = [
    f"kms:{name}" for name in ("Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey", "CreateGrant", "ReEncryptFrom")
]
MODE_STATEMENT = {
    "Effect": "Allow",
    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    "Resource": ["arn:aws:kms:*:*:key/*"],
    "Condition": {"StringNotEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Denied"}},
}
KEY_STATEMENTS = [
    {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
    {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "aws:PrincipalAccount": "${aws:ResourceAccount}",
                "aws:PrincipalTag/PlerionApplianceRole": "True",
            }
        },
    },
]


def document(*statements: object) -> str:
    """A policy's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def questions(keys: int, roles: int) -> Iterator[tuple[Request, str, str]]:
    """Every role asks for every action on every key: the request, and the texts of identity and key policy."""
    identities = [document(MODE_STATEMENT, {"Sid": f"Role{i}", **MODE_STATEMENT}) for i in range(roles)]
    key_policies = [document(*KEY_STATEMENTS, {"Sid": f"Key {i}", **KEY_STATEMENTS[0]}) for i in range(keys)]
    for key, role, action in product(range(keys), range(roles), ACTIONS):
        caller = Principal(
            PrincipalType.ROLE_SESSION,
            f"arn:aws:sts::{ACCOUNT}:assumed-role/Role{role}/session",
            ACCOUNT,
            f"arn:aws:iam::{ACCOUNT}:role/Role{role}",
            tags={"PlerionApplianceRole": "True"} if role % 2 else {},
        )
        resource = Resource(
            f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{key:036}", ACCOUNT, {"PlerionAccess": "Denied"} if key % 3 else {}
        )
        yield Request(caller, action, resource, {"aws:SecureTransport": "true"}), identities[role], key_policies[key]


def compile_anew(text: str, kind: PolicyKind, name: str) -> Policy:
    """As `parse_policy`, without its cache."""
    return Policy(name, kind, compile_document(text, kind))


def rate(asked: list[tuple[Request, str, str]], compile_policy: Callable[[str, PolicyKind, str], Policy]) -> float:
    """Decisions per second, in the time of this process."""
    start = time.process_time()
    for request, identity, key_policy in asked:
        authorize(
            request,
            Policies(
                identity=(compile_policy(identity, PolicyKind.IDENTITY, "identity"),),
                resource=compile_policy(key_policy, PolicyKind.KEY, "key policy"),
            ),
        )
    return len(asked) / (time.process_time() - start)


def main() -> None:
    """Print the figures."""
    asked = list(questions(keys=60, roles=30))
    rate(asked[:1000], parse_policy)
    reused, anew = rate(asked, parse_policy), rate(asked[: len(asked) // 5], compile_anew)
    sys.stdout.write(
        f"{len(asked)} decisions: 60 keys x 30 roles x {len(ACTIONS)} actions\n"
        f"policies compiled once:      {reused:9,.0f} a second\n"
        f"policies compiled each time: {anew:9,.0f} a second\n"
        f"ratio:                       {reused / anew:9.1f}\n"
    )


if __name__ == "__main__":
    main()
