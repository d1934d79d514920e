"""CKV_PLERION_9: trust of Plerion's account without the external id, so that any integration may assume the role.

Source: AWS IAM User Guide, "The confused deputy problem".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plerion_policies.blocks import Block
from plerion_policies.contract import PLERION_ACCOUNT
from plerion_policies.documents import Condition, Kind, Statement, texts_of
from plerion_policies.rule import Rule

ACCOUNT_KEYS = ("aws:PrincipalAccount", "aws:PrincipalArn", "aws:userid")
EXTERNAL_ID = "sts:ExternalId"
FIX = f'add StringEquals = {{ "{EXTERNAL_ID}" = ... }} with the id that Plerion shows for the integration'


def findings(block: Block) -> Iterator[str]:
    """Statements of trust policies, and module calls, that trust Plerion's account as it is."""
    for statement in block.statements:
        if _trusts_plerion(statement) and not any(map(_asks, statement.on(EXTERNAL_ID))):
            yield f"{statement.label} trusts Plerion's account {PLERION_ACCOUNT} without external id; {FIX}."
    if block.is_module:
        yield from _module_findings(block)


def _trusts_plerion(statement: Statement) -> bool:
    names = (statement.principals or {}).get("AWS", ())
    if statement.any_principal:
        # The account may be named in the condition instead.
        names = tuple(value for _, value in statement.compared(*ACCOUNT_KEYS))
    return Kind.TRUST in statement.kinds and statement.allows and any(PLERION_ACCOUNT in name for name in names)


def _asks(condition: Condition) -> bool:
    return (
        condition.base_operator in {"stringequals", "stringlike"}
        and not condition.holds_without_key
        and all(value.strip("*?") for value in condition.values)
    )


def _module_findings(block: Block) -> Iterator[str]:
    given: dict[str, Any] = {name: value for instance in block.values for name, value in instance.items()}
    trusting = [name for name, value in given.items() if "trusted" in name and PLERION_ACCOUNT in str(value)]
    external_ids = [
        text for name, value in given.items() if "external" in name and "id" in name for text in texts_of(value)
    ]
    if trusting and not any(text not in {"", "true", "false"} for text in external_ids):
        yield (
            f"{trusting[0]} trusts Plerion's account {PLERION_ACCOUNT} and the call gives no external id; give the id "
            "that Plerion shows for the integration."
        )


Rule(9, "Ensure a role that trusts Plerion's account asks for the external id", "CRITICAL", findings).register()
