"""CKV_PLERION_4: CreateGrant for the appliance beyond what EBS needs.

Attaching an encrypted volume needs a grant that EC2 makes on the appliance's behalf; kms:GrantIsForAWSResource is true
then. Without the condition the appliance can hand the key to any principal. The guide's own mode statement has no such
condition, so an identity policy is judged only where it is the appliance's and another statement shows that the limit
is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.contract import APPLIANCE_TAG, GRANT_FOR_SERVICE, mode_guard, speaks_of_appliance, uses_keys
from plerion_policies.documents import Document, Kind, Statement, is_known, texts_of
from plerion_policies.rule import Rule

CREATE_GRANT = "kms:CreateGrant"


def findings(block: Block) -> Iterator[str]:
    """Statements that allow CreateGrant for the appliance without kms:GrantIsForAWSResource."""
    for document in block.documents:
        for statement in document.statements:
            if _allows_any_grant(statement) and _is_for_appliance(statement, document, block):
                yield (
                    f"{statement.label} allows kms:CreateGrant for any purpose; give CreateGrant a statement of "
                    f'its own with Bool = {{ "{GRANT_FOR_SERVICE}" = "true" }}.'
                )


def _allows_any_grant(statement: Statement) -> bool:
    return statement.allows and statement.covers(CREATE_GRANT) and not _limited(statement)


def _limited(statement: Statement) -> bool:
    return any(
        condition.base_operator == "bool" and not condition.holds_without_key and _says_true(condition.values)
        for condition in statement.on(GRANT_FOR_SERVICE)
    )


def _says_true(values: tuple[str, ...]) -> bool:
    return bool(values) and all(value.lower() == "true" or not is_known(value) for value in values)


def _is_for_appliance(statement: Statement, document: Document, block: Block) -> bool:
    if Kind.KEY in statement.kinds and speaks_of_appliance(statement):
        return True
    return (
        Kind.IDENTITY in statement.kinds
        and uses_keys(statement)
        and any(map(_limited, document.statements))
        and (any(map(mode_guard, document.statements)) or _names_appliance(block))
    )


def _names_appliance(block: Block) -> bool:
    names = (text for values in block.values for key in ("role", "name") for text in texts_of(values.get(key)))
    return any(APPLIANCE_TAG in name for name in names) or any(key == APPLIANCE_TAG for key, _ in block.tags)


Rule(4, "Ensure the appliance's CreateGrant is limited to AWS services", "HIGH", findings).register()
