"""CKV_PLERION_1: who a key policy's wildcard principal lets in.

checkov's own check of wildcard principals (CKV_AWS_33) passes every statement that has a Condition, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.documents import Condition, Kind, Statement, is_known
from plerion_policies.rule import Rule

POSITIVE_OPERATORS = {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}
# kms:CallerAccount is KMS's older name for the same value (AWS KMS Developer Guide, "kms:CallerAccount").
ACCOUNT_KEYS = ("aws:PrincipalAccount", "aws:PrincipalOrgID", "kms:CallerAccount")
IDENTITY_KEYS = ("aws:PrincipalTag/", "aws:PrincipalArn")
ARN_OF_ACCOUNT = re.compile(r"arn:[^:]*:(iam|sts)::\d{12}:.*")


def pins(condition: Condition) -> bool:
    """Whether only requests with one of the named values pass, and none that lack the key."""
    return (
        condition.base_operator in POSITIVE_OPERATORS
        and not condition.holds_without_key
        and bool(condition.values)
        and all(_names_something(condition.key, value) for value in condition.values)
    )


def _names_something(key: str, value: str) -> bool:
    if f"${{{key.lower()}}}" in value.lower():
        return False
    if key.lower() == "aws:principalarn" and is_known(value):
        # The part after the account must name more than "any role".
        value = value.split(":", 5)[-1].removeprefix("role/").removeprefix("user/")
    return bool(value.strip("*?"))


def findings(block: Block) -> Iterator[str]:
    """Statements of key policies that let in more than one account's named identities."""
    for statement in block.statements:
        if statement.kind is Kind.KEY and statement.allows and statement.any_principal:
            missing = " and ".join(_missing(statement))
            if missing:
                yield f"{statement.label} allows any principal; add to its StringEquals condition {missing}."


def _missing(statement: Statement) -> Iterator[str]:
    account = any(map(pins, statement.on(*ACCOUNT_KEYS))) or any(
        pins(condition) and all(ARN_OF_ACCOUNT.fullmatch(value) for value in condition.values)
        for condition in statement.on("aws:PrincipalArn")
    )
    if not account:
        yield "aws:PrincipalAccount (or aws:PrincipalOrgID), to pin the account"
    if not any(map(pins, statement.on(*IDENTITY_KEYS))):
        yield "aws:PrincipalTag/... or aws:PrincipalArn, to pin the identity"


Rule(1, "Ensure a key policy's wildcard principal is pinned to an account and an identity", "HIGH", findings).register()
