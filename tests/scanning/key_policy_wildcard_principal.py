"""CKV_PLERION_1: wildcard principals of key policies that are not pinned.

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
CALLER_ACCOUNT = "kms:CallerAccount"
ACCOUNT_KEYS = ("aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", CALLER_ACCOUNT)
IDENTITY_KEYS = ("aws:PrincipalTag/", "aws:PrincipalArn", "aws:userid", "aws:username")
# What AWS's consoles write for the keys of a service: all of the account, through one service or for one context
# (AWS KMS Developer Guide, "kms:ViaService" and "kms:EncryptionContext").
USE_KEYS = ("kms:ViaService", "kms:EncryptionContext:")
ARN_OF_ACCOUNT = re.compile(r"arn:[^:]*:(iam|sts)::\d{12}:.*")
ORGANIZATION_PATH = re.compile(r"o-[a-z0-9]+(/.*)?")


def pins(condition: Condition) -> bool:
    """Whether only requests with one of the named values pass, and none that lack the key."""
    return (
        condition.base_operator in POSITIVE_OPERATORS
        and not condition.holds_without_key
        and all(_names_something(condition.key, value) for value in condition.values)
    )


def _names_something(key: str, value: str) -> bool:
    if f"${{{key.lower()}}}" in value.lower():
        return False
    if not is_known(value):
        return True
    match key.lower():
        case "aws:principalarn":
            # The part after the account must name more than "any role".
            value = value.split(":", 5)[-1].removeprefix("role/").removeprefix("user/")
        case "aws:principalorgpaths":
            return bool(ORGANIZATION_PATH.match(value)) and bool(value.partition("/")[0].strip("*?"))
        case "aws:userid":
            # unique id:session name, or a user's unique id
            value = value.partition(":")[0]
    return bool(value.strip("*?"))


def findings(block: Block) -> Iterator[str]:
    """Statements of key policies that let in more than one account's named identities."""
    for statement in block.statements:
        if Kind.KEY in statement.kinds and statement.allows and statement.any_principal:
            missing = " and ".join(_missing(statement))
            if missing and statement.not_principals is not None:
                yield (
                    f"{statement.label} allows every principal but those in NotPrincipal; name those that may use the "
                    f"key in Principal, or add to its StringEquals condition {missing}."
                )
            elif missing:
                yield f"{statement.label} allows any principal; add to its StringEquals condition {missing}."


def _missing(statement: Statement) -> Iterator[str]:
    account = any(map(pins, statement.on(*ACCOUNT_KEYS))) or any(
        pins(condition) and all(ARN_OF_ACCOUNT.fullmatch(value) for value in condition.values)
        for condition in statement.on("aws:PrincipalArn")
    )
    if not account:
        yield "aws:PrincipalAccount (or aws:PrincipalOrgID), to pin the account"
    if not any(map(pins, statement.on(*IDENTITY_KEYS))) and not _for_one_use(statement):
        yield "aws:PrincipalTag/... or aws:PrincipalArn, to pin the identity"


def _for_one_use(statement: Statement) -> bool:
    return any(map(pins, statement.on(CALLER_ACCOUNT, "aws:PrincipalAccount"))) and any(
        map(pins, statement.on(*USE_KEYS))
    )


Rule(1, "Ensure a key policy's wildcard principal is pinned to an account and an identity", "HIGH", findings).register()
