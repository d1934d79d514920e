"""CKV_PLERION_2: ${aws:ResourceAccount} and other policy variables in a document whose Version has none."""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.documents import CURRENT_VERSION, POLICY_VARIABLE, is_known
from plerion_policies.rule import Rule


def findings(block: Block) -> Iterator[str]:
    """Documents in which AWS reads a policy variable as plain text."""
    for document in block.documents:
        variables = sorted({match for text in document.texts for match in POLICY_VARIABLE.findall(text)})
        version = document.version
        if variables and version != CURRENT_VERSION and (version is None or is_known(version)):
            has = f'Version "{version}"' if version else "no Version"
            yield (
                f"The document has {has}, so {', '.join(variables)} is plain text in it and never matches; "
                f'set Version = "{CURRENT_VERSION}".'
            )


Rule(2, "Ensure a document with policy variables has Version 2012-10-17", "HIGH", findings).register()
