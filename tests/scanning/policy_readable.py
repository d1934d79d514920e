"""CKV_PLERION_11: policies that this scan could not read. What was not read is not judged, and never passes."""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.rule import Rule

WAY_OUT = (
    "Scan the plan too, as JSON in the same folder: terraform plan -out plan.out && terraform show -json plan.out > "
    "plan.json."
)


def findings(block: Block) -> Iterator[str]:
    """The policies of the block that could not be read, with what stands in the way."""
    for reason in block.unread:
        yield f"Not read: {reason.rstrip('.')}. {WAY_OUT}"


Rule(11, "Ensure a policy can be read by the scan", "MEDIUM", findings).register()
