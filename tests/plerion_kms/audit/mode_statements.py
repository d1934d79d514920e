"""The mode statements of the appliance role: recognized, written, and rewritten for another mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plerion_kms.guide import mode_statement

MODES = ("ALL_KEYS", "SELECTED_KEYS")
TAG_KEY = "aws:ResourceTag/PlerionAccess"
GRANTS_FOR_AWS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}

DENY_CONDITIONS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "ALL_KEYS": {"StringEqualsIgnoreCase": {TAG_KEY: "Denied"}},
    "SELECTED_KEYS": {
        "StringNotEqualsIgnoreCase": {TAG_KEY: "Granted"},
        "ForAllValues:StringNotLike": {"kms:ResourceAliases": "alias/aws/*"},
    },
}
"""Of the Deny that modules/plerion-kms renders with `tag_is_binding`."""

_OPERATORS = ("stringnotequalsignorecase", "stringequalsignorecase")
"""On the tag, in the order of MODES: of an Allow. A Deny has the other one."""


def mode_of(statement: Mapping[str, Any]) -> str | None:
    """The mode of an identity-policy statement, told by its condition on the key's tag; None if it has none."""
    condition = statement.get("Condition")
    if not isinstance(condition, dict):
        return None
    modes = MODES if statement.get("Effect") == "Allow" else MODES[::-1]
    for operator, operands in condition.items():
        if operator.lower() in _OPERATORS and isinstance(operands, dict) and _tag_keys(operands):
            return modes[_OPERATORS.index(operator.lower())]
    return None


def in_mode(mode: str, statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement of either mode as the given mode has it: its actions, resources and other conditions stay."""
    if statement.get("Effect") != "Allow":
        return {**statement, "Condition": DENY_CONDITIONS[mode]}
    condition = mode_statement(mode)["Condition"]
    for operator, operands in statement["Condition"].items():
        tags = _tag_keys(operands) if operator.lower() in _OPERATORS else set()
        others = {key: value for key, value in operands.items() if key not in tags}
        if others:
            condition[operator] = {**others, **condition.get(operator, {})}
    return {**statement, "Condition": condition}


def hardened(mode: str, statement: Mapping[str, Any], partition: str) -> Sequence[Mapping[str, Any]]:
    """What `hardened = true` of the modules makes of a mode's Allow: grants for AWS services alone, and a Deny by the
    tag."""
    allow = {**mode_statement(mode), **in_mode(mode, statement)}
    actions = mode_statement(mode)["Action"]
    grants = {
        **allow,
        "Sid": "PlerionKmsCmkAccessGrants",
        "Action": ["kms:CreateGrant"],
        "Condition": {**allow["Condition"], **GRANTS_FOR_AWS},
    }
    return [
        {**allow, "Action": [action for action in actions if action != "kms:CreateGrant"]},
        grants,
        tag_is_binding(mode, partition),
    ]


def grants_alone(statement: Mapping[str, Any]) -> bool:
    """Whether it is the statement that gives a hardened role its grants, next to that of the mode."""
    return statement.get("Action") in ("kms:CreateGrant", ["kms:CreateGrant"])


def tag_is_binding(mode: str, partition: str) -> dict[str, Any]:
    """The Deny that `tag_is_binding` of the modules adds."""
    return {
        "Sid": "PlerionKmsCmkAccessTagIsBinding",
        "Effect": "Deny",
        "Action": mode_statement(mode)["Action"],
        "Resource": [f"arn:{partition}:kms:*:*:key/*"],
        "Condition": DENY_CONDITIONS[mode],
    }


def _tag_keys(operands: Mapping[str, Any]) -> set[str]:
    return {key for key in operands if key.lower() == TAG_KEY.lower()}
