"""CKV_PLERION_4: CreateGrant for the appliance beyond what EBS needs.

Attaching an encrypted volume needs a grant that EC2 makes on the appliance's behalf; kms:GrantIsForAWSResource is true
then. Without the condition the appliance can hand the key to any principal. The guide's own mode statement has no such
condition, so an identity policy is judged only where another statement shows that the limit is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.contract import GRANT_FOR_SERVICE, speaks_of_appliance, uses_keys
from plerion_policies.documents import Document, Kind, Statement, is_known
from plerion_policies.rule import Rule

CREATE_GRANT = "kms:CreateGrant"


def findings(block: Block) -> Iterator[str]:
    """Statements that allow CreateGrant for the appliance without kms:GrantIsForAWSResource."""
    for document in block.documents:
        for statement in document.statements:
            if _allows_any_grant(statement) and _is_for_appliance(statement, document):
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


def _is_for_appliance(statement: Statement, document: Document) -> bool:
    if statement.kind is Kind.KEY:
        return speaks_of_appliance(statement)
    return statement.kind is Kind.IDENTITY and uses_keys(statement) and any(map(_limited, document.statements))


Rule(4, "Ensure the appliance's CreateGrant is limited to AWS services", "HIGH", findings).register()
