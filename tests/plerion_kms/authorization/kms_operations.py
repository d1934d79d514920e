"""Every KMS operation as data: the permissions that it needs, on what, across accounts or not, and how it names its
key.

Source: AWS KMS API reference (the "Cross-account use" and "Required permissions" of each operation); KMS developer
guide "AWS KMS permissions"; RULES.md "Operations".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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

    permissions: in the order in which they are checked.
    across_accounts: whether it works with a key of another account.
    key_ids: the ways in which the request may name a key, other than by `AliasName`.
    keys: the request member that names each key, by the key's role in the call. The replica of UpdatePrimaryRegion has
        the primary key's id, in another Region. ListAliases takes a key as a filter and needs no permission on it.
    context: condition keys from the request's members, in addition to those of every key (`KEY_CONTEXT`).
    grant: the grant operations that allow it, empty if no grant does.
    key_usage: the KeyUsage of the keys whose material it uses, empty if it uses none.
    symmetric: True if it works with symmetric encryption keys only, False with asymmetric keys only, None if the key
        usage alone decides.
    """

    name: str
    permissions: tuple[Permission, ...]
    across_accounts: bool = False
    key_ids: frozenset[KeyId] = ID_OR_ARN
    keys: Mapping[On, str] = field(default_factory=lambda: {On.KEY: "KeyId"})
    context: tuple[str, ...] = ()
    grant: tuple[str, ...] = ()
    key_usage: str = ""
    symmetric: bool | None = None

    @property
    def key_members(self) -> tuple[str, ...]:
        """The request members that take a key id in one of the forms `key_ids`."""
        return tuple(dict.fromkeys(member for member in self.keys.values() if member != "AliasName"))


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


def _on_key(name: str, *context: str, across: bool = False, grant: bool = False) -> Operation:
    """An operation on one key that needs the permission of its own name."""
    grants = (name,) if grant else ()
    return Operation(name, (Permission(f"kms:{name}"),), across, context=context, grant=grants)


def _using(name: str, usage: str, *context: str, symmetric: bool | None = None) -> Operation:
    """An operation that works across accounts, through grants, and with any form of key id."""
    operation = _on_key(name, *context, across=True, grant=True)
    return replace(operation, key_ids=ANY_FORM, key_usage=usage, symmetric=symmetric)


def _on_nothing(name: str, *context: str) -> Operation:
    """An operation that works on no key: an IAM policy decides."""
    return Operation(name, (Permission(f"kms:{name}", On.NOTHING),), False, NO_KEY_ID, {}, context)


_ENCRYPTING, _SIGNING, _MAC = "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"
_ENCAPSULATING = "ENCAPSULATE_DECAPSULATE"

_TAGGING_NEW_KEY = Permission("kms:TagResource", On.NOTHING, when="Tags")

_ALL = (
    _using("Encrypt", _ENCRYPTING, *_CRYPTO),
    _using("Decrypt", _ENCRYPTING, *_CRYPTO, "kms:RecipientAttestation:"),
    Operation(
        "ReEncrypt",
        (Permission("kms:ReEncryptFrom", On.SOURCE), Permission("kms:ReEncryptTo", On.DESTINATION)),
        across_accounts=True,
        key_ids=ANY_FORM,
        keys={On.SOURCE: "SourceKeyId", On.DESTINATION: "DestinationKeyId"},
        context=(*_CRYPTO, "kms:ReEncryptOnSameKey"),
        grant=("ReEncryptFrom", "ReEncryptTo"),
        key_usage=_ENCRYPTING,
    ),
    _using("GenerateDataKey", _ENCRYPTING, *_CRYPTO, "kms:RecipientAttestation:", symmetric=True),
    _using("GenerateDataKeyWithoutPlaintext", _ENCRYPTING, *_CRYPTO, symmetric=True),
    _using(
        "GenerateDataKeyPair", _ENCRYPTING, *_CRYPTO, "kms:DataKeyPairSpec", "kms:RecipientAttestation:", symmetric=True
    ),
    _using("GenerateDataKeyPairWithoutPlaintext", _ENCRYPTING, *_CRYPTO, "kms:DataKeyPairSpec", symmetric=True),
    _using("GenerateMac", _MAC, "kms:MacAlgorithm", "kms:RequestAlias"),
    _using("VerifyMac", _MAC, "kms:MacAlgorithm", "kms:RequestAlias"),
    _using("Sign", _SIGNING, "kms:SigningAlgorithm", "kms:MessageType", "kms:RequestAlias"),
    _using("Verify", _SIGNING, "kms:SigningAlgorithm", "kms:MessageType", "kms:RequestAlias"),
    _using(
        "DeriveSharedSecret",
        "KEY_AGREEMENT",
        "kms:KeyAgreementAlgorithm",
        "kms:RequestAlias",
        "kms:RecipientAttestation:",
    ),
    _using("Encapsulate", _ENCAPSULATING, "kms:RequestAlias"),
    _using("Decapsulate", _ENCAPSULATING, "kms:RequestAlias"),
    _using("GetPublicKey", "", "kms:RequestAlias", symmetric=False),
    _using("DescribeKey", "", "kms:RequestAlias"),
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
        keys={On.KEY: "KeyId", On.REPLICA: "KeyId"},
        context=("kms:PrimaryRegion",),
    ),
    Operation(
        "CreateAlias",
        (Permission("kms:CreateAlias", On.ALIAS), Permission("kms:CreateAlias")),
        keys={On.KEY: "TargetKeyId"},
    ),
    Operation(
        "DeleteAlias",
        (Permission("kms:DeleteAlias", On.ALIAS), Permission("kms:DeleteAlias")),
        key_ids=NO_KEY_ID,
        keys={On.KEY: "AliasName"},
    ),
    Operation(
        "UpdateAlias",
        (
            Permission("kms:UpdateAlias", On.ALIAS),
            Permission("kms:UpdateAlias", On.FORMER),
            Permission("kms:UpdateAlias", On.TARGET),
        ),
        keys={On.TARGET: "TargetKeyId", On.FORMER: "AliasName"},
    ),
    Operation(
        "CreateKey",
        (Permission("kms:CreateKey", On.NOTHING), _TAGGING_NEW_KEY),
        key_ids=NO_KEY_ID,
        keys={},
        context=_NEW_KEY,
    ),
    Operation("ListAliases", (Permission("kms:ListAliases", On.NOTHING),), keys={On.NOTHING: "KeyId"}),
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
        keys={},
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

CRYPTOGRAPHIC = frozenset(operation.name for operation in _ALL if operation.key_usage)
"""Operations that use a key's material. KMS counts the days since the last of them."""


def grant_operations(usage: str, spec: str) -> frozenset[str]:
    """What a grant can allow on one kind of key.

    usage: its KeyUsage as DescribeKey prints it.
    spec: its KeySpec.
    Source: KMS API reference, CreateGrant; KMS developer guide "Grants in AWS KMS", "Grant operations".
    """
    # GetPublicKey is for asymmetric keys: neither for symmetric encryption keys nor for HMAC keys.
    symmetric = spec == "SYMMETRIC_DEFAULT"
    return frozenset(
        name
        for operation in _ALL
        for name in operation.grant
        if operation.key_usage in ("", usage)
        and (operation.symmetric is None or operation.symmetric is (symmetric or usage == _MAC))
    )


def permissions(operation: str) -> tuple[Permission, ...]:
    """The permissions that an operation can need; raises KeyError for an operation that KMS does not have."""
    return OPERATIONS[operation].permissions
