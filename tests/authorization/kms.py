"""KMS: which permissions an API operation needs, on which keys, with which context keys; grants.

Source: authorization.md "KMS API level"; KMS developer guide "AWS KMS permissions".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authorization.caller import Caller
from authorization.decision import Decision
from authorization.documents import Policy
from authorization.policies import Grant


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key as the decision sees it. Account and Region follow from the ARN.

    policy: the key policy (PolicyKind.KEY); aliases: names (`alias/app`) that point to it;
    spec, usage, origin: as DescribeKey prints them; multi_region_type: `PRIMARY`, `REPLICA` or empty;
    resource_control: RCPs of the owner's account, as in `Policies`.
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


@dataclass(frozen=True, slots=True)
class KmsCall:
    """One API call, its keys already resolved.

    operation: the API's name (`ReEncrypt`); parameters: the request's members as boto3 takes them;
    region: of the endpoint; account: of the caller (bare ids and alias names are resolved there).
    keys: by the role they play: `key` for most operations; `source` and `destination` for ReEncrypt;
        `target` and `former` for UpdateAlias (the new and the old key). A role that is missing or None means that
        no such key exists.
    ciphertext_only: the key was found from the ciphertext, no key id was in the request.
    grant: for RetireGrant, the grant that is to be retired.
    """

    operation: str
    parameters: Mapping[str, Any]
    region: str
    account: str
    keys: Mapping[str, Key | None] = field(default_factory=dict)
    ciphertext_only: bool = False
    grant: Grant | None = None


def authorize_call(caller: Caller, call: KmsCall) -> Decision:
    """Decide all the permissions that the call needs, in AWS's order: the first refusal, else the last allow.

    An operation that the table does not know is refused and named.
    """
    raise NotImplementedError
