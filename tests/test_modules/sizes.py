"""Key policies whose size, once the additions are merged in, is known beforehand."""

from __future__ import annotations

import json
from typing import Any

from harness.guide_statements import same_account_additions

LARGEST = 32768
"""Bytes that KMS takes. Source: KMS API reference "PutKeyPolicy", member Policy."""


def policy_whose_merged_size_is(size: int, letter: str) -> dict[str, Any]:
    """A key policy that has `size` bytes of UTF-8 with the additions, filled up with that letter (and one `-`)."""
    statement = {"Sid": "", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    missing = size - _bytes({**policy, "Statement": [statement, *same_account_additions()]})
    width = len(letter.encode())
    statement["Sid"] = letter * (missing // width) + "-" * (missing % width)
    return policy


def _bytes(policy: dict[str, Any]) -> int:
    return len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False).encode())
