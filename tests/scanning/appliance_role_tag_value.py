"""CKV_PLERION_8: values of the tag PlerionApplianceRole that the key policies do not match: they compare exactly."""

from __future__ import annotations

from collections.abc import Iterator

from plerion_policies.blocks import Block
from plerion_policies.contract import APPLIANCE_PRINCIPAL_TAG, APPLIANCE_TAG, APPLIANCE_TAG_VALUE
from plerion_policies.documents import is_known
from plerion_policies.rule import Rule

FIX = f'use the string "{APPLIANCE_TAG_VALUE}", in quotes and with this capital letter'


def _differs(value: str) -> bool:
    return is_known(value) and value != APPLIANCE_TAG_VALUE


def findings(block: Block) -> Iterator[str]:
    """Tags, and comparisons with them, other than the string "True"."""
    for key, value in block.tags:
        if key.lower() == APPLIANCE_TAG.lower() and _differs(value):
            yield f'The tag {key} = "{value}" is not what key policies ask for; {FIX}.'
    for statement in block.statements:
        for condition, value in statement.compared(APPLIANCE_PRINCIPAL_TAG):
            if _differs(value):
                yield f'{statement.label} compares {condition.key} with "{value}"; {FIX}.'


Rule(8, 'Ensure the tag PlerionApplianceRole is the string "True"', "MEDIUM", findings).register()
