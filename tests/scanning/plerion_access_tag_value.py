"""CKV_PLERION_7: values of the tag PlerionAccess that mean nothing. Case does not matter: the guide ignores it."""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.contract import KEY_TAG, KEY_TAG_VALUES, RESOURCE_TAG
from plerion_policies.documents import is_known
from plerion_policies.rule import Rule

MEANT = {value.lower() for value in KEY_TAG_VALUES}
FIX = f'use "{KEY_TAG_VALUES[0]}" or "{KEY_TAG_VALUES[1]}"'


def _means_nothing(value: str) -> bool:
    return is_known(value) and value.lower() not in MEANT


def findings(block: Block) -> Iterator[str]:
    """Tags of keys, and comparisons with them, that neither mode knows."""
    for key, value in block.tags:
        if key.lower() == KEY_TAG.lower() and block.tags_keys and _means_nothing(value):
            yield f'The tag {key} = "{value}" neither grants nor denies; {FIX}.'
    for statement in block.statements:
        for condition, value in statement.compared(RESOURCE_TAG, f"aws:RequestTag/{KEY_TAG}"):
            if _means_nothing(value):
                yield f'{statement.label} compares {condition.key} with "{value}"; {FIX}.'


Rule(7, "Ensure the tag PlerionAccess is Granted or Denied", "MEDIUM", findings).register()
