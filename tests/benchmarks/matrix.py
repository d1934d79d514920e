"""The guide's matrix as plain data: keys, the two roles, the ten actions of the mode statement, the two modes.

The engine, an earlier revision of it and the npm package are all given the same data, so that each makes of it what its
own interface takes.
"""

from __future__ import annotations

from typing import Any

from plerion_kms.guide import mode_statement, same_account_additions

ACCOUNT = "111111111111"
MODES = ("ALL_KEYS", "SELECTED_KEYS")
ACTIONS = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:DescribeKey",
    "kms:CreateGrant",
)
TAGS: tuple[dict[str, str], ...] = (
    {},
    {"PlerionAccess": "Denied"},
    {"PlerionAccess": "granted"},
    {"PlerionAccess": "Maybe", "Owner": "Bookings"},
    {"Owner": "Accounts"},
)
METADATA = {
    "Sid": "Metadata",
    "Effect": "Allow",
    "Action": ["kms:Describe*", "kms:List*", "kms:Get*"],
    "Resource": "arn:aws:kms:*:*:key/*",
}


def matrix(keys: int) -> dict[str, Any]:
    """The data for that many keys.

    keys: `arn`, `tags` and `policy` of each.
    kinds: keys that many apart have the same tags.
    roles: `name`, `tags`, and `identity`: mode -> the role's policy.
    """
    appliance = {mode: _document(mode_statement(mode)) for mode in MODES}
    access = dict.fromkeys(MODES, _document(METADATA))
    return {
        "account": ACCOUNT,
        "modes": MODES,
        "actions": ACTIONS,
        "kinds": len(TAGS),
        "roles": [
            {"name": "PlerionApplianceRole", "tags": {"PlerionApplianceRole": "True"}, "identity": appliance},
            {"name": "PlerionAccessRole", "tags": {"RolePurpose": "PlerionAccess"}, "identity": access},
        ],
        "keys": [
            {
                "arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{number:08x}-0000-4000-8000-000000000000",
                "tags": TAGS[number % len(TAGS)],
                "policy": _key_policy(number),
            }
            for number in range(keys)
        ],
    }


def _key_policy(number: int) -> dict[str, Any]:
    """The statement that AWS puts in by default and the guide's additions; each key's text is another."""
    delegating = {
        "Sid": f"Enable IAM User Permissions {number}",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return _document(delegating, *same_account_additions())


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
