"""AWS managed keys: made at first use, for use through one service only.

Source: KMS developer guide "AWS managed keys"; EBS user guide, the key policy of `aws/ebs`.
"""

from __future__ import annotations

import json

from localstack.services.kms.models import KmsKey, kms_stores
from localstack.services.kms.provider import KmsProvider

PREFIX = "alias/aws/"
SERVICE_NAMES = {"ebs": "ec2"}
"""Services whose endpoint has another name than the alias."""


def create_if_missing(account: str, region: str, alias: str) -> None:
    """Make the AWS managed key behind `alias` if it is one of AWS's and does not exist yet."""
    store = kms_stores[account][region]
    if not alias.startswith(PREFIX) or alias in store.aliases:
        return
    KmsProvider._create_alias_if_reserved_and_not_exists(account, region, alias)
    made = store.aliases.get(alias)
    if made is not None:
        key: KmsKey = store.keys[made.metadata["TargetKeyId"]]
        key.metadata["KeyManager"] = "AWS"
        key.policy = _policy(account, region, alias.removeprefix(PREFIX))


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
