"""Key policies that modules/key-policy refuses as they are, told beforehand: one such key would end the whole plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from plerion_kms.audit.key_statements import is_ours, merged, statements_of, version_of

DELETED = re.compile(r"A[A-Z]{3}[A-Z0-9]{8,}")
"""What AWS shows instead of a principal that was deleted: its unique id (IAM user guide, "AWS JSON policy elements:
Principal")."""
MAXIMUM_BYTES = 32_768
"""Of a key policy (KMS developer guide, "Quotas")."""
ESCAPED = {"<": 6, ">": 6, "&": 6}
"""Bytes that Terraform's provider sends for a character."""


def unmergeable(policy: str, statements: tuple[str, ...]) -> str:
    """What the key's owner has to change first, as a sentence; empty if the statements can be merged as the policy is.

    statements: what is to be added, each as JSON text; none if Plerion's statements are to go.
    """
    found = statements_of(policy)
    if found is None:
        return "The policy is no JSON object that holds Statement: replace it."
    kept = [statement for statement in found if not is_ours(statement)]
    deleted = [name for statement in kept for name in _aws_principals(statement) if DELETED.fullmatch(name)]
    if deleted:
        return (
            f"The policy names principals that were deleted ({', '.join(dict.fromkeys(deleted))}), and KMS takes no "
            "policy that does: remove them, or name the principals that took their place."
        )
    if not statements:
        return (
            ""
            if kept
            else "The policy would be left without a statement, which KMS refuses: write the one it is to have."
        )
    if version_of(policy) != "2012-10-17" and "${" in json.dumps({**json.loads(policy), "Statement": kept}):
        return (
            "The policy has a Version before 2012-10-17 and holds the text ${, which would turn into a policy "
            'variable: rewrite that text and set "Version": "2012-10-17".'
        )
    result = json.dumps(
        json.loads(merged(policy, [json.loads(text) for text in statements])), separators=(",", ":"), ensure_ascii=False
    )
    size = sum(ESCAPED.get(character, len(character.encode())) for character in result)
    if size > MAXIMUM_BYTES:
        return f"The policy with the statements has {size} bytes, more than the {MAXIMUM_BYTES} of KMS: shorten it."
    return ""


def _aws_principals(statement: Mapping[str, Any]) -> Iterator[str]:
    for element in ("Principal", "NotPrincipal"):
        given = statement.get(element)
        names = given.get("AWS", ()) if isinstance(given, dict) else ()
        yield from (name for name in ([names] if isinstance(names, str) else names) if isinstance(name, str))
