"""CKV_PLERION_3: condition keys that AWS refuses in a key policy.

Source: AWS KMS Developer Guide, "Using tags to control access to KMS keys": identity policies only. PutKeyPolicy
answers MalformedPolicyDocumentException.
"""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.documents import Kind
from plerion_policies.rule import Rule

REFUSED = ("aws:ResourceTag/", "kms:ResourceTag/", "kms:ResourceAliases")


def findings(block: Block) -> Iterator[str]:
    """Key-policy statements with a condition on the key's own tags or aliases."""
    for statement in block.statements:
        if Kind.KEY in statement.kinds:
            for condition in statement.on(*REFUSED):
                yield (
                    f"{statement.label} has a condition on {condition.key}, which KMS refuses in a key policy; "
                    "take it out, and put it on the caller's IAM policy (as a Deny, if it is to bind on this key)."
                )


Rule(3, "Ensure no key policy has a condition on the key's tags or aliases", "HIGH", findings).register()
