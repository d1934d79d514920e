"""A KMS call as the decision sees it: the operation with its members, and its keys, already resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.policies import Grant


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key as the decision sees it. Account and Region follow from the ARN.

    policy: the key policy (PolicyKind.KEY); aliases: names (`alias/app`) that point to it;
    spec, usage, origin: as DescribeKey prints them; multi_region_type: `PRIMARY`, `REPLICA` or empty;
    resource_control: RCPs of the owner's account, as in `Policies`;
    aws_managed: an AWS managed key, to which RCPs do not apply;
    unused_days: whole days since the key was last used, or made if it never was; None where that is not known, so that
        the condition key is absent.
    """

    arn: str
    policy: Policy
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = "ENCRYPT_DECRYPT"
    origin: str = "AWS_KMS"
    multi_region: bool = False
    multi_region_type: str = ""
    grants: tuple[Grant, ...] = ()
    resource_control: tuple[tuple[Policy, ...], ...] = ()
    aws_managed: bool = False
    unused_days: int | None = None

    @property
    def account(self) -> str:
        """The owner's account."""
        return self.arn.split(":")[4]


@dataclass(frozen=True, slots=True)
class KmsCall:
    """One API call, its keys already resolved.

    operation: the API's name (`ReEncrypt`); parameters: the request's members as boto3 takes them;
    region: of the endpoint; account: of the caller (bare ids and alias names are resolved there).
    keys: by the role they play: `key` for most operations; `source` and `destination` for ReEncrypt;
        `target` and `former` for UpdateAlias (the new and the old key); `key` and `replica` for UpdatePrimaryRegion
        (the primary key and the replica that will be primary). A role that is missing or None means that no such key
    exists. ciphertext_only: the key was found from the ciphertext, no key id was in the request.
    grant: for RetireGrant, the grant that will be retired.
    """

    operation: str
    parameters: Mapping[str, Any]
    region: str
    account: str
    keys: Mapping[str, Key | None] = field(default_factory=dict)
    ciphertext_only: bool = False
    grant: Grant | None = None
