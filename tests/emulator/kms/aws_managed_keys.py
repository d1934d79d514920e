"""AWS managed keys: made at first use, for use through one service only.

Source: KMS developer guide "AWS managed keys"; EBS user guide, the key policy of `aws/ebs`.
"""

from __future__ import annotations

import json

from localstack.services.kms.models import RESERVED_ALIASES, KmsKey, KmsStore, kms_stores
from localstack.services.kms.provider import KmsProvider

PREFIX = "alias/aws/"
SERVICE_NAMES = {"ebs": "ec2"}
"""Services whose endpoint has another name than the alias."""


def is_to_be_made(store: KmsStore, alias: str) -> bool:
    """Whether the alias is one of AWS's whose key the account has not used yet."""
    return alias in RESERVED_ALIASES and alias not in store.aliases


def new_key(account: str, region: str, alias: str) -> KmsKey:
    """The AWS managed key behind `alias`, not yet in the account."""
    key = KmsKey(None, account, region)
    key.calculate_and_set_arn(account, region)
    key.metadata["KeyManager"] = "AWS"
    key.policy = _policy(account, region, alias.removeprefix(PREFIX))
    return key


def keep(account: str, region: str, alias: str, key: KmsKey) -> None:
    """Put a new AWS managed key with its alias into the account."""
    kms_stores[account][region].keys[key.metadata["KeyId"]] = key
    target = {"AliasName": alias, "TargetKeyId": key.metadata["KeyId"]}
    KmsProvider._create_kms_alias(account, region, target)


def _policy(account: str, region: str, name: str) -> str:
    service = f"{SERVICE_NAMES.get(name, name)}.{region}.amazonaws.com"
    through_service = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:CreateGrant",
            "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:CallerAccount": account, "kms:ViaService": service}},
    }
    metadata = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": f"auto-{name}-1", "Statement": [through_service, metadata]})
