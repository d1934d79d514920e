"""Key policies whose size, once the additions are merged in, is known beforehand."""

from __future__ import annotations

import json
from typing import Any

from plerion_kms.guide import same_account_additions

LARGEST = 32768
"""Bytes that KMS takes. Source: KMS API reference "PutKeyPolicy", member Policy."""


def policy_whose_merged_size_is(size: int, letter: str) -> dict[str, Any]:
    """A key policy that is sent as `size` bytes with the additions, filled up with that letter (and some `-`)."""
    statement = {"Sid": "", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    missing = size - _bytes({**policy, "Statement": [statement, *same_account_additions()]})
    width = _sent(letter)
    statement["Sid"] = letter * (missing // width) + "-" * (missing % width)
    return policy


def _bytes(policy: dict[str, Any]) -> int:
    return _sent(json.dumps(policy, separators=(",", ":"), ensure_ascii=False))


def _sent(text: str) -> int:
    # Terraform's provider writes these three as \u0026 and so on. Source: Go's documentation, encoding/json Marshal.
    return len(text.encode()) + 5 * sum(map(text.count, "&<>"))
