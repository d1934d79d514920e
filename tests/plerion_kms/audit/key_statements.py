"""The key-policy statements that open a key to the two roles, and what a key's policy already has of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from plerion_kms.audit.mode_statements import GRANTS_FOR_AWS
from plerion_kms.authorization.grammar import as_list
from plerion_kms.guide import cross_account_additions, same_account_additions

APPLIANCE_SID, ACCESS_SID = (statement["Sid"] for statement in same_account_additions())
RESOURCE_ACCOUNT = "${aws:ResourceAccount}"
ACCOUNT_KEY = "aws:PrincipalAccount"
ROLE_TAGS = ("aws:PrincipalTag/PlerionApplianceRole", "aws:PrincipalTag/RolePurpose")

EBS_SIDS = (
    "Grant PlerionApplianceRole access to make EBS volumes",
    "Grant PlerionApplianceRole access to attach EBS volumes",
)


def additions(
    integration_account: str, key_account: str, pinned: tuple[str, str] | None = None
) -> list[dict[str, Any]]:
    """What modules/key-policy adds with `allow_ebs_volumes`: the guide's two statements in the form that the key's
    account needs, and the two for EBS volumes.

    pinned: ARNs of the appliance and the access role that the statements are restricted to, None for the guide's form.
    """
    if integration_account == key_account:
        appliance, access = same_account_additions()
    else:
        appliance, access = cross_account_additions(integration_account)
    if pinned:
        appliance, access = (
            {**statement, "Condition": {**statement["Condition"], "ArnEquals": {"aws:PrincipalArn": [arn]}}}
            for statement, arn in zip((appliance, access), pinned, strict=True)
        )
    volumes = {**appliance, "Sid": EBS_SIDS[0], "Action": ["kms:GenerateDataKeyWithoutPlaintext"]}
    condition = {**appliance["Condition"], **GRANTS_FOR_AWS}
    attach = {**appliance, "Sid": EBS_SIDS[1], "Action": ["kms:CreateGrant"], "Condition": condition}
    return [appliance, access, volumes, attach]


def merged(policy: str, statements: Sequence[Mapping[str, Any]]) -> str:
    """The policy with the statements in it, as modules/key-policy merges them: each takes the place of the first one
    with its Sid, or follows at the end."""
    given = statements_of(policy) or []
    wanted = {str(statement["Sid"]): statement for statement in statements}
    result: list[Mapping[str, Any]] = []
    for statement in given:
        sid = statement.get("Sid")
        if sid not in wanted:
            result.append(statement)
        elif wanted[sid] not in result:
            result.append(wanted[sid])
    present = {statement.get("Sid") for statement in result}
    result += [statement for sid, statement in wanted.items() if sid not in present]
    return json.dumps({**json.loads(policy), "Version": "2012-10-17", "Statement": result})


def without_ours(policy: str) -> str:
    """The policy without the statements that modules/key-policy knows by their Sid."""
    kept = [statement for statement in statements_of(policy) or () if not is_ours(statement)]
    return with_statements(policy, kept)


def with_statements(policy: str, statements: Sequence[Mapping[str, Any]]) -> str:
    """The policy with these statements in place of its own."""
    return json.dumps({**json.loads(policy), "Statement": statements})


def statements_of(policy: str) -> list[dict[str, Any]] | None:
    """The statements of a policy's text; None if it is none."""
    try:
        found = json.loads(policy)["Statement"]
    except (ValueError, TypeError, KeyError):
        return None
    listed = as_list(found)
    return listed if all(isinstance(statement, dict) for statement in listed) else None


@lru_cache(maxsize=4096)
def plerion_statements(policy: str) -> Sequence[Mapping[str, Any]]:
    """The policy's statements that match on the tag of one of Plerion's roles; none if the text is no key policy."""
    return tuple(statement for statement in statements_of(policy) or () if _matches_role_tag(statement))


def is_ours(statement: Mapping[str, Any]) -> bool:
    """Whether modules/key-policy knows the statement by its Sid, and so replaces and removes it."""
    return statement.get("Sid") in (APPLIANCE_SID, ACCESS_SID, *EBS_SIDS)


def trusts_tag_alone(statement: Mapping[str, Any]) -> bool:
    """Whether any principal of the account with the role's tag is let in, whatever its ARN."""
    names = {key.lower() for operands in _operands(statement) for key in operands}
    return "aws:principalarn" not in names


def principal_accounts(statement: Mapping[str, Any]) -> set[str]:
    """The values that the statement compares aws:PrincipalAccount with."""
    return {
        text
        for operands in _operands(statement)
        for key, values in operands.items()
        if key.lower() == ACCOUNT_KEY.lower()
        for text in as_list(values)
    }


def version_of(policy: str) -> str:
    """The policy's Version; AWS takes a missing one for the older."""
    document = json.loads(policy)
    return str(document.get("Version", "2008-10-17"))


def _matches_role_tag(statement: Mapping[str, Any]) -> bool:
    wanted = {tag.lower() for tag in ROLE_TAGS}
    return any(key.lower() in wanted for operands in _operands(statement) for key in operands)


def _operands(statement: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    condition = statement.get("Condition")
    if not isinstance(condition, dict):
        return []
    return [operands for operands in condition.values() if isinstance(operands, dict)]
