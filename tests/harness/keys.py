"""Fixture keys: made through boto3, since Terraform waits seconds for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import HarnessError
from harness.guide_statements import cross_account_additions, same_account_additions
from harness.principals import REGION, Principal, role_arn

RSA = "RSA_2048"
SYMMETRIC = "SYMMETRIC_DEFAULT"


@dataclass(frozen=True)
class KeyDescription:
    """A key as an expectations file describes it.

    account: `integration` or `other`. region: where it lies. policy: names of statements, see `statements`. version: of
    the key policy. tags: the key's tags. spec: the key spec. output: the example's output that holds the key's ARN,
    where the example makes the key itself and the other fields do not count.
    """

    account: str = "integration"
    region: str = REGION
    policy: tuple[str, ...] = ("delegates to own account",)
    version: str = "2012-10-17"
    tags: Mapping[str, str] = field(default_factory=dict)
    spec: str = SYMMETRIC
    output: str = ""


@dataclass(frozen=True)
class Key:
    """A key with what the probes need of it: a ciphertext made under it, by somebody who may."""

    arn: str
    spec: str
    ciphertext: bytes

    @property
    def region(self) -> str:
        """Where the key lies."""
        return self.arn.split(":")[3]

    @property
    def algorithm(self) -> dict[str, str]:
        """The EncryptionAlgorithm parameter's value that calls with this key have to pass; for symmetric keys none."""
        return {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"} if self.spec == RSA else {}


def statements(
    name: str, *, owner: Principal, integration_account: str, outputs: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The key-policy statements of that name; `owner` is the principal that administers the key, `outputs` are those of
    the example, whose own additions have a name too.

    Raises HarnessError for a name that is not known, or one that stands for an output which there is not.
    """
    known: dict[str, list[dict[str, Any]]] = {
        "delegates to own account": [_allow(f"arn:aws:iam::{owner.account}:root")],
        "delegates to integration account": [_allow(f"arn:aws:iam::{integration_account}:root")],
        "names its administrator": [_allow(role_arn(owner))],
        "same-account additions": same_account_additions(),
        "cross-account additions": cross_account_additions(integration_account),
        **{f"the example's {output.replace('_', ' ')}": value for output, value in (outputs or {}).items()},
    }
    if name not in known:
        raise HarnessError(f"There are no key-policy statements named '{name}': take one of {', '.join(known)}.")
    return known[name]


def create_key(
    owner: Principal,
    description: KeyDescription,
    integration_account: str,
    outputs: Mapping[str, Any] | None = None,
) -> Key:
    """Make the key in the owner's account, as the owner; `outputs` as in `statements`.

    Raises botocore's ClientError and HarnessError.
    """
    owner = owner.in_region(description.region)
    document = {
        "Version": description.version,
        "Statement": [
            statement
            for name in description.policy
            for statement in statements(name, owner=owner, integration_account=integration_account, outputs=outputs)
        ],
    }
    metadata = owner.client("kms").create_key(
        KeySpec=description.spec,
        KeyUsage="ENCRYPT_DECRYPT",
        Policy=json.dumps(document),
        Tags=[{"TagKey": key, "TagValue": value} for key, value in description.tags.items()],
    )["KeyMetadata"]
    return adopt_key(owner, metadata["Arn"], description.spec)


def adopt_key(owner: Principal, arn: str, spec: str = SYMMETRIC) -> Key:
    """A key that exists, made ready for the probes. Raises botocore's ClientError."""
    blank = Key(arn, spec, b"")
    answer = owner.in_region(blank.region).client("kms").encrypt(KeyId=arn, Plaintext=b"plaintext", **blank.algorithm)
    return Key(arn, spec, answer["CiphertextBlob"])


def open_key(owner: Principal) -> Key:
    """A key that every principal of its own account may re-encrypt from and to: the other end of a ReEncrypt probe.

    It is tagged Granted, so that a Deny by the tag does not close it either.
    """
    document = {
        "Version": "2012-10-17",
        "Statement": [*_own_account(owner), _allow("*", "kms:ReEncrypt*", account=owner.account)],
    }
    tags = [{"TagKey": "PlerionAccess", "TagValue": "Granted"}]
    arn = owner.client("kms").create_key(Policy=json.dumps(document), Tags=tags)["KeyMetadata"]["Arn"]
    return adopt_key(owner, arn)


def _own_account(owner: Principal) -> Sequence[dict[str, Any]]:
    return statements("delegates to own account", owner=owner, integration_account=owner.account)


def _allow(principal: str, action: str = "kms:*", account: str = "") -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": action,
        "Resource": "*",
    }
    if account:
        statement["Condition"] = {"StringEquals": {"aws:PrincipalAccount": account}}
    return statement
