"""Every KMS operation as data: the permissions that it needs, on what, across accounts or not, and how it names its
key.

Source: AWS KMS API reference (the "Cross-account use" and "Required permissions" of each operation); KMS developer
guide "AWS KMS permissions"; authorization.md "Operations".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class On(StrEnum):
    """What a permission is checked on. Keys: the role that the key plays in the call (`KmsCall.keys`)."""

    KEY = "key"
    SOURCE = "source"
    DESTINATION = "destination"
    TARGET = "target"
    FORMER = "former"
    REPLICA = "replica"
    ALIAS = "alias"
    RETIRING_PRINCIPAL = "retiring principal"
    NOTHING = "*"


class KeyId(StrEnum):
    """The ways to name a key in a request."""

    ID = "key id"
    ARN = "key ARN"
    ALIAS = "alias name"
    ALIAS_ARN = "alias ARN"


ID_OR_ARN = frozenset({KeyId.ID, KeyId.ARN})
ANY_FORM = frozenset(KeyId)
NO_KEY_ID: frozenset[KeyId] = frozenset()

_KEYS = (On.KEY, On.SOURCE, On.DESTINATION, On.TARGET, On.FORMER, On.REPLICA)


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission that an operation needs. when: the request member without which it is not needed."""

    action: str
    on: On = On.KEY
    when: str = ""

    @property
    def policy(self) -> str:
        """The policies that can give it: `key policy` (with IAM policies where that delegates), or `IAM policy`
        alone."""
        return "key policy" if self.on in _KEYS else "IAM policy"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    permissions: in the order in which they are checked. across_accounts: works with a key of another account.
    key_ids: how the request may name the key; key_members: the request members that do.
    context: condition keys from the request's members, beside those of every key (`KEY_CONTEXT`).
    grant: the grant operations that allow it, empty where no grant does.
    """

    name: str
    permissions: tuple[Permission, ...]
    across_accounts: bool = False
    key_ids: frozenset[KeyId] = ID_OR_ARN
    key_members: tuple[str, ...] = ("KeyId",)
    context: tuple[str, ...] = ()
    grant: tuple[str, ...] = ()


KEY_CONTEXT = (
    "kms:CallerAccount",
    "kms:ViaService",
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:MultiRegion",
    "kms:MultiRegionKeyType",
    "kms:ResourceAliases",
    "aws:ResourceTag",
)
"""Condition keys of every operation on a key."""

_CRYPTO = ("kms:EncryptionAlgorithm", "kms:EncryptionContext:", "kms:EncryptionContextKeys", "kms:RequestAlias")
_GRANTING = (
    "kms:EncryptionContext:",
    "kms:EncryptionContextKeys",
    "kms:GrantConstraintSourceArn",
    "kms:GrantConstraintType",
    "kms:GrantIsForAWSResource",
    "kms:GrantOperations",
    "kms:GranteePrincipal",
    "kms:GranteeServicePrincipal",
    "kms:RetiringPrincipal",
    "kms:RetiringServicePrincipal",
)
_RETIRING = ("kms:EncryptionContext:", "kms:EncryptionContextKeys", "kms:GrantConstraintType")
_NEW_KEY = (
    "kms:BypassPolicyLockoutSafetyCheck",
    "kms:KeyOrigin",
    "kms:KeySpec",
    "kms:KeyUsage",
    "kms:MultiRegion",
    "kms:MultiRegionKeyType",
    "aws:RequestTag",
    "aws:TagKeys",
)


def _on_key(
    name: str, *context: str, across: bool = False, grant: bool = False, forms: frozenset[KeyId] = ID_OR_ARN
) -> Operation:
    """An operation on one key that needs the permission of its own name."""
    return Operation(name, (Permission(f"kms:{name}"),), across, forms, ("KeyId",), context, (name,) if grant else ())


def _cryptographic(name: str, *context: str) -> Operation:
    """An operation that uses a key: across accounts, through grants, by any form of key id."""
    return _on_key(name, *context, across=True, grant=True, forms=ANY_FORM)


def _on_nothing(name: str, *context: str) -> Operation:
    """An operation that works on no key: an IAM policy decides."""
    return Operation(name, (Permission(f"kms:{name}", On.NOTHING),), False, NO_KEY_ID, (), context)


_TAGGING_NEW_KEY = Permission("kms:TagResource", On.NOTHING, when="Tags")

_ALL = (
    _cryptographic("Encrypt", *_CRYPTO),
    _cryptographic("Decrypt", *_CRYPTO, "kms:RecipientAttestation:"),
    Operation(
        "ReEncrypt",
        (Permission("kms:ReEncryptFrom", On.SOURCE), Permission("kms:ReEncryptTo", On.DESTINATION)),
        across_accounts=True,
        key_ids=ANY_FORM,
        key_members=("SourceKeyId", "DestinationKeyId"),
        context=(*_CRYPTO, "kms:ReEncryptOnSameKey"),
        grant=("ReEncryptFrom", "ReEncryptTo"),
    ),
    _cryptographic("GenerateDataKey", *_CRYPTO, "kms:RecipientAttestation:"),
    _cryptographic("GenerateDataKeyWithoutPlaintext", *_CRYPTO),
    _cryptographic("GenerateDataKeyPair", *_CRYPTO, "kms:DataKeyPairSpec", "kms:RecipientAttestation:"),
    _cryptographic("GenerateDataKeyPairWithoutPlaintext", *_CRYPTO, "kms:DataKeyPairSpec"),
    _cryptographic("GenerateMac", "kms:MacAlgorithm", "kms:RequestAlias"),
    _cryptographic("VerifyMac", "kms:MacAlgorithm", "kms:RequestAlias"),
    _cryptographic("Sign", "kms:SigningAlgorithm", "kms:MessageType", "kms:RequestAlias"),
    _cryptographic("Verify", "kms:SigningAlgorithm", "kms:MessageType", "kms:RequestAlias"),
    _cryptographic("DeriveSharedSecret", "kms:KeyAgreementAlgorithm", "kms:RequestAlias", "kms:RecipientAttestation:"),
    _cryptographic("Encapsulate", "kms:RequestAlias"),
    _cryptographic("Decapsulate", "kms:RequestAlias"),
    _cryptographic("GetPublicKey", "kms:RequestAlias"),
    _cryptographic("DescribeKey", "kms:RequestAlias"),
    _on_key("CreateGrant", *_GRANTING, across=True, grant=True),
    _on_key("ListGrants", "kms:GrantIsForAWSResource", across=True),
    _on_key("RevokeGrant", "kms:GrantIsForAWSResource", across=True),
    _on_key("RetireGrant", *_RETIRING, across=True, grant=True),
    _on_key("GetKeyRotationStatus", across=True),
    _on_key("GetKeyLastUsage"),
    _on_key("GetKeyPolicy", "kms:PolicyName"),
    _on_key("ListKeyPolicies"),
    _on_key("ListResourceTags"),
    _on_key("ListKeyRotations"),
    _on_key("GetParametersForImport", "kms:WrappingAlgorithm", "kms:WrappingKeySpec"),
    _on_key("PutKeyPolicy", "kms:BypassPolicyLockoutSafetyCheck", "kms:PolicyName"),
    _on_key("TagResource", "aws:RequestTag", "aws:TagKeys"),
    _on_key("UntagResource", "aws:TagKeys"),
    _on_key("EnableKey"),
    _on_key("DisableKey", "kms:TrailingDaysWithoutKeyUsage"),
    _on_key("EnableKeyRotation", "kms:RotationPeriodInDays"),
    _on_key("DisableKeyRotation"),
    _on_key("RotateKeyOnDemand"),
    _on_key("ScheduleKeyDeletion", "kms:ScheduleKeyDeletionPendingWindowInDays", "kms:TrailingDaysWithoutKeyUsage"),
    _on_key("CancelKeyDeletion"),
    _on_key("UpdateKeyDescription"),
    _on_key("ImportKeyMaterial", "kms:ExpirationModel", "kms:ValidTo"),
    _on_key("DeleteImportedKeyMaterial"),
    Operation(
        "ReplicateKey",
        (Permission("kms:ReplicateKey"), Permission("kms:CreateKey", On.NOTHING), _TAGGING_NEW_KEY),
        context=("kms:ReplicaRegion", "kms:BypassPolicyLockoutSafetyCheck", "aws:RequestTag", "aws:TagKeys"),
    ),
    Operation(
        "UpdatePrimaryRegion",
        (Permission("kms:UpdatePrimaryRegion"), Permission("kms:UpdatePrimaryRegion", On.REPLICA)),
        context=("kms:PrimaryRegion",),
    ),
    Operation(
        "CreateAlias",
        (Permission("kms:CreateAlias", On.ALIAS), Permission("kms:CreateAlias")),
        key_members=("TargetKeyId",),
    ),
    Operation(
        "DeleteAlias",
        (Permission("kms:DeleteAlias", On.ALIAS), Permission("kms:DeleteAlias")),
        key_ids=NO_KEY_ID,
        key_members=(),
    ),
    Operation(
        "UpdateAlias",
        (
            Permission("kms:UpdateAlias", On.ALIAS),
            Permission("kms:UpdateAlias", On.FORMER),
            Permission("kms:UpdateAlias", On.TARGET),
        ),
        key_members=("TargetKeyId",),
    ),
    Operation(
        "CreateKey",
        (Permission("kms:CreateKey", On.NOTHING), _TAGGING_NEW_KEY),
        key_ids=NO_KEY_ID,
        key_members=(),
        context=_NEW_KEY,
    ),
    Operation("ListAliases", (Permission("kms:ListAliases", On.NOTHING),)),
    _on_nothing("ListKeys"),
    _on_nothing("GenerateRandom", "kms:RecipientAttestation:"),
    _on_nothing("CreateCustomKeyStore"),
    _on_nothing("ConnectCustomKeyStore"),
    _on_nothing("DescribeCustomKeyStores"),
    _on_nothing("DisconnectCustomKeyStore"),
    _on_nothing("UpdateCustomKeyStore"),
    _on_nothing("DeleteCustomKeyStore"),
    Operation(
        "ListRetirableGrants",
        (Permission("kms:ListRetirableGrants", On.RETIRING_PRINCIPAL),),
        key_ids=NO_KEY_ID,
        key_members=(),
    ),
)


def _permissions(operations: Iterable[Operation]) -> frozenset[str]:
    return frozenset(permission.action.lower() for operation in operations for permission in operation.permissions)


OPERATIONS = {operation.name: operation for operation in _ALL}
"""Every operation, by its name in the API."""

PERMISSIONS = _permissions(_ALL) | {"kms:synchronizemultiregionkey"}
"""Every KMS permission, in lower case."""

KEY_PERMISSIONS = frozenset(
    permission.action.lower() for operation in _ALL for permission in operation.permissions if permission.on in _KEYS
)
"""The permissions that are on a key, in lower case."""

CROSS_ACCOUNT_PERMISSIONS = _permissions(operation for operation in _ALL if operation.across_accounts)
"""The permissions that a caller of another account can use, in lower case."""

GRANT_OPERATIONS = frozenset(name for operation in _ALL for name in operation.grant)
"""What a grant can allow."""


def permissions(operation: str) -> tuple[Permission, ...]:
    """The permissions that an operation can need; raises KeyError for an operation that KMS does not have."""
    return OPERATIONS[operation].permissions
