"""CKV_PLERION_6: tags compared case-sensitively or case-insensitively, other than the guide does.

The guide compares the key's tag case-insensitively and the roles' tags exactly. A statement that differs opens, or
closes, other keys than the one next to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.contract import ACCESS_PRINCIPAL_TAG, ACCESS_TAG_VALUE, APPLIANCE_PRINCIPAL_TAG, RESOURCE_TAG
from plerion_policies.documents import Condition, Statement
from plerion_policies.rule import Rule

EXACT = {"stringequals": "StringEquals", "stringnotequals": "StringNotEquals"}
IGNORING_CASE = {
    "stringequalsignorecase": "StringEqualsIgnoreCase",
    "stringnotequalsignorecase": "StringNotEqualsIgnoreCase",
}


def findings(block: Block) -> Iterator[str]:
    """Conditions on the tags with an operator that the guide does not use for them."""
    for statement in block.statements:
        for condition, wanted in _compared(statement):
            if condition.base_operator not in {*wanted, "null"}:
                yield (
                    f"{statement.label} compares {condition.key} with {condition.operator}; use "
                    f"{' or '.join(wanted.values())}, as Plerion's guide does."
                )


def _compared(statement: Statement) -> Iterator[tuple[Condition, dict[str, str]]]:
    for condition in statement.on(RESOURCE_TAG):
        yield condition, IGNORING_CASE
    for condition in statement.on(APPLIANCE_PRINCIPAL_TAG):
        yield condition, EXACT
    for condition in statement.on(ACCESS_PRINCIPAL_TAG):
        # RolePurpose is a general name: other values of it are the customer's own business.
        if any(value.lower() == ACCESS_TAG_VALUE.lower() for value in condition.values):
            yield condition, EXACT


Rule(6, "Ensure Plerion's tags are compared as the guide compares them", "MEDIUM", findings).register()
