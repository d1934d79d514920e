"""Fixture keys: made through boto3, since Terraform waits seconds for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Self

from boto3.session import Session
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from harness.aws.principals import REGION, Principal, role_arn
from harness.errors import HarnessError
from plerion_kms.guide import cross_account_additions, same_account_additions
from plerion_kms.probes import RSA, SYMMETRIC, KeySpec

OWN_ACCOUNT = "delegates to own account"
ADMINISTRATOR = "names its administrator"
STATEMENTS = (
    OWN_ACCOUNT,
    "delegates to integration account",
    ADMINISTRATOR,
    "same-account additions",
    "cross-account additions",
)
"""The names of key-policy statements that every example has; see `statements`."""

OWNERS = {OWN_ACCOUNT, ADMINISTRATOR}
EXAMPLES_OWN = "the example's "
"""Before the name of an output, with spaces, that holds the example's own statements."""


def _split(names: object) -> object:
    """The names in a file's text; the code gives them as a tuple."""
    if isinstance(names, str):
        return tuple(name.strip() for name in names.split("+"))
    if not isinstance(names, tuple):
        raise ValueError("is not text: write the names of statements, joined by ' + '")  # noqa: TRY004 - for pydantic
    return names


def _known_statements(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in STATEMENTS and not name.startswith(EXAMPLES_OWN):
            raise ValueError(f"has the unknown statements {name!r}: use some of {', '.join(STATEMENTS)}")
        if names.count(name) > 1:
            raise ValueError(f"has the statements {name!r} twice: remove one of the two")
    if not OWNERS.intersection(names):
        raise ValueError(f"leaves the key without an administrator: add '{OWN_ACCOUNT}' or '{ADMINISTRATOR}'")
    return names


@cache
def _regions() -> frozenset[str]:
    return frozenset(Session().get_available_regions("kms"))


def _known_region(region: str) -> str:
    if region not in _regions():
        raise ValueError(f"is {region!r}, which is not a Region of KMS: write one such as {REGION}")
    return region


def _not_reserved(tag: str) -> str:
    if tag.lower().startswith("aws:"):
        raise ValueError("begins with 'aws:', which AWS keeps for itself: rename the tag")
    return tag


type TagKey = Annotated[
    str, StringConstraints(pattern=r"^[\w .:/=+@-]+$", max_length=128), AfterValidator(_not_reserved)
]
type TagValue = Annotated[str, StringConstraints(pattern=r"^[\w .:/=+@-]*$", max_length=256)]


class KeyDescription(BaseModel):
    """A key as an expectations file describes it.

    account: `integration` or `other`. region: where it is. policy: names of statements, see `statements`. version: of
    the key policy. tags: the key's tags. spec: the key spec. output: the example's output that holds the key's ARN,
    if the example makes the key itself; then only account and spec go with it.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    account: Literal["integration", "other"] = "integration"
    region: Annotated[str, AfterValidator(_known_region)] = REGION
    policy: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_known_statements)] = (OWN_ACCOUNT,)
    version: Literal["2008-10-17", "2012-10-17"] = "2012-10-17"
    tags: Annotated[dict[TagKey, TagValue], Field(max_length=50)] = {}
    spec: KeySpec = SYMMETRIC
    output: Annotated[str, StringConstraints(min_length=1)] | None = None

    @model_validator(mode="after")
    def _made_once(self) -> Self:
        unused = self.model_fields_set - {"account", "spec", "output"}
        if self.output is not None and unused:
            raise ValueError(
                f"has 'output' and {', '.join(sorted(unused))}, which has no effect on a key that the example makes: "
                "remove one of the two"
            )
        return self


@dataclass(frozen=True)
class Key:
    """A key with what the probes need of it: a ciphertext that an authorized principal made."""

    arn: str
    spec: KeySpec
    ciphertext: bytes

    @property
    def region(self) -> str:
        """The key's Region."""
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
        **dict(
            zip(
                STATEMENTS,
                (
                    [_allow("Enable IAM User Permissions", f"arn:aws:iam::{owner.account}:root")],
                    [_allow("Delegate to the integration account", f"arn:aws:iam::{integration_account}:root")],
                    [_allow("Allow access for Key Administrators", role_arn(owner))],
                    same_account_additions(),
                    cross_account_additions(integration_account),
                ),
                strict=True,
            )
        ),
        **{EXAMPLES_OWN + output.replace("_", " "): value for output, value in (outputs or {}).items()},
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


def adopt_key(owner: Principal, arn: str, spec: KeySpec = SYMMETRIC) -> Key:
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
        "Statement": [
            *_own_account(owner),
            _allow("Allow re-encryption in this account", "*", "kms:ReEncrypt*", account=owner.account),
        ],
    }
    tags = [{"TagKey": "PlerionAccess", "TagValue": "Granted"}]
    arn = owner.client("kms").create_key(Policy=json.dumps(document), Tags=tags)["KeyMetadata"]["Arn"]
    return adopt_key(owner, arn)


def _own_account(owner: Principal) -> Sequence[dict[str, Any]]:
    return statements(OWN_ACCOUNT, owner=owner, integration_account=owner.account)


def _allow(sid: str, principal: str, action: str = "kms:*", account: str = "") -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": action,
        "Resource": "*",
    }
    if account:
        statement["Condition"] = {"StringEquals": {"aws:PrincipalAccount": account}}
    return statement
