"""CKV_PLERION_5: kms:GrantIsForAWSResource on actions whose requests do not carry it.

Source: AWS KMS Developer Guide, "kms:GrantIsForAWSResource": CreateGrant, ListGrants, RevokeGrant.
"""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.contract import GRANT_ACTIONS, GRANT_FOR_SERVICE
from plerion_policies.documents import is_known
from plerion_policies.rule import Rule

CARRYING = {action.lower() for action in GRANT_ACTIONS}


def findings(block: Block) -> Iterator[str]:
    """Statements that the condition turns off for some of their actions."""
    for statement in block.statements:
        actions = statement.actions or statement.not_actions
        others = sorted(action for action in actions if is_known(action) and action.lower() not in CARRYING)
        conditions = [c for c in statement.on(GRANT_FOR_SERVICE) if c.base_operator != "null"]
        if conditions and (others or statement.not_actions):
            yield (
                f"{statement.label} asks for {GRANT_FOR_SERVICE} on {', '.join(others) or 'NotAction'}, where no "
                f"request has it, so it never matches there; keep only {', '.join(GRANT_ACTIONS)} in it and move "
                "the rest to another statement."
            )


Rule(5, "Ensure kms:GrantIsForAWSResource is asked for on grant operations only", "MEDIUM", findings).register()
