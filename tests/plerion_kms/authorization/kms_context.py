"""The condition keys of a KMS call: from the key, and from the members of the request.

Source: KMS developer guide "Condition keys for AWS KMS"; RULES.md "Condition-key values".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from plerion_kms.authorization.context_keys import UNREAD_ATTESTATION
from plerion_kms.authorization.kms_call import Key, KmsCall
from plerion_kms.authorization.kms_operations import OPERATIONS, On, Permission
from plerion_kms.authorization.request import ContextValue

_MEMBERS: Mapping[str, tuple[str, object]] = {
    "kms:EncryptionAlgorithm": ("EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
    "kms:DataKeyPairSpec": ("KeyPairSpec", None),
    "kms:MacAlgorithm": ("MacAlgorithm", None),
    "kms:SigningAlgorithm": ("SigningAlgorithm", None),
    "kms:MessageType": ("MessageType", "RAW"),
    "kms:KeyAgreementAlgorithm": ("KeyAgreementAlgorithm", None),
    "kms:GrantOperations": ("Operations", None),
    "kms:GranteePrincipal": ("GranteePrincipal", None),
    "kms:GranteeServicePrincipal": ("GranteeServicePrincipal", None),
    "kms:RetiringPrincipal": ("RetiringPrincipal", None),
    "kms:RetiringServicePrincipal": ("RetiringServicePrincipal", None),
    "kms:WrappingAlgorithm": ("WrappingAlgorithm", None),
    "kms:WrappingKeySpec": ("WrappingKeySpec", None),
    "kms:BypassPolicyLockoutSafetyCheck": ("BypassPolicyLockoutSafetyCheck", None),
    "kms:RotationPeriodInDays": ("RotationPeriodInDays", 365),
    "kms:ScheduleKeyDeletionPendingWindowInDays": ("PendingWindowInDays", 30),
    "kms:ExpirationModel": ("ExpirationModel", "KEY_MATERIAL_EXPIRES"),
    "kms:ValidTo": ("ValidTo", None),
    "kms:ReplicaRegion": ("ReplicaRegion", None),
    "kms:PrimaryRegion": ("PrimaryRegion", None),
    "kms:PolicyName": ("PolicyName", "default"),
    "kms:KeySpec": ("KeySpec", "SYMMETRIC_DEFAULT"),
    "kms:KeyUsage": ("KeyUsage", "ENCRYPT_DECRYPT"),
    "kms:KeyOrigin": ("Origin", "AWS_KMS"),
    "kms:MultiRegion": ("MultiRegion", False),
    "kms:GrantIsForAWSResource": ("", False),
}
"""Condition key to the request's member and the value that applies if the member is not sent (None: the key is
absent).

kms:GrantIsForAWSResource is true only if a service makes the call for the user; it then comes with the caller's
context.
"""

_OLD_NAMES = {"kms:KeySpec": "kms:CustomerMasterKeySpec", "kms:KeyUsage": "kms:CustomerMasterKeyUsage"}
"""Deprecated names, which work as the new ones do."""

_CONTEXT_CONSTRAINTS = ("EncryptionContextEquals", "EncryptionContextSubset")


def call_context(call: KmsCall, permission: Permission, key: Key | None) -> dict[str, ContextValue]:
    """The context keys of one permission of a call; `key` is the key that the permission is on."""
    context: dict[str, ContextValue] = {"aws:RequestedRegion": call.region}
    if key is not None:
        context |= _of_key(key)
    if permission.on is On.ALIAS or permission.on is On.RETIRING_PRINCIPAL:
        return context
    names = OPERATIONS[call.operation].context
    for name in names:
        if name in _MEMBERS:
            member, default = _MEMBERS[name]
            _put(context, name, call.parameters.get(member, default))
    if "kms:GrantConstraintType" in names:
        context |= _constraints(_grant_constraints(call))
        if "kms:GrantConstraintSourceArn" in names:
            _put(context, "kms:GrantConstraintSourceArn", _grant_constraints(call).get("SourceArn"))
    elif "kms:EncryptionContext:" in names:
        context |= _encryption_context(call, permission)
    if "kms:TrailingDaysWithoutKeyUsage" in names and key is not None:
        _put(context, "kms:TrailingDaysWithoutKeyUsage", key.unused_days)
    if "kms:RequestAlias" in names:
        _put(context, "kms:RequestAlias", _request_alias(call, permission))
    if "kms:ReEncryptOnSameKey" in names:
        source, destination = call.keys.get("source"), call.keys.get("destination")
        context["kms:ReEncryptOnSameKey"] = _text(bool(source and destination and source.arn == destination.arn))
    if call.parameters.get("Recipient"):
        context[UNREAD_ATTESTATION] = ""
    if "aws:TagKeys" in names:
        context |= _tags(call.parameters)
    if call.operation == "CreateKey" and call.parameters.get("MultiRegion"):
        context["kms:MultiRegionKeyType"] = "PRIMARY"
    context |= {old: context[name] for name, old in _OLD_NAMES.items() if name in context}
    return context


def _of_key(key: Key) -> dict[str, ContextValue]:
    context: dict[str, ContextValue] = {
        "kms:KeyOrigin": key.origin,
        "kms:KeySpec": key.spec,
        "kms:KeyUsage": key.usage,
        "kms:MultiRegion": _text(key.multi_region),
    }
    if key.multi_region_type:
        context["kms:MultiRegionKeyType"] = key.multi_region_type
    if key.aliases:
        context["kms:ResourceAliases"] = key.aliases
    return context


def _encryption_context(call: KmsCall, permission: Permission) -> dict[str, ContextValue]:
    """The encryption context: ReEncrypt's source and destination each have their own (inferred)."""
    context: dict[str, ContextValue] = {}
    member = "EncryptionContext"
    if permission.on is On.SOURCE:
        member = "SourceEncryptionContext"
        context["kms:EncryptionAlgorithm"] = _text(
            call.parameters.get("SourceEncryptionAlgorithm", "SYMMETRIC_DEFAULT")
        )
    elif permission.on is On.DESTINATION:
        member = "DestinationEncryptionContext"
        algorithm = call.parameters.get("DestinationEncryptionAlgorithm", "SYMMETRIC_DEFAULT")
        context["kms:EncryptionAlgorithm"] = _text(algorithm)
    return context | _pairs(call.parameters.get(member) or {})


def _grant_constraints(call: KmsCall) -> Mapping[str, Any]:
    """The constraints of the grant that the call makes or retires, as CreateGrant takes them."""
    if call.operation == "CreateGrant":
        constraints: Mapping[str, Any] = call.parameters.get("Constraints") or {}
        return constraints
    if call.grant is None:
        return {}
    on_context = dict(zip(_CONTEXT_CONSTRAINTS, (call.grant.equals, call.grant.subset), strict=True))
    return {**on_context, "SourceArn": call.grant.source_arn}


def _constraints(constraints: Mapping[str, Any]) -> dict[str, ContextValue]:
    """A grant's constraints as condition keys; its encryption context is that of its constraints (inferred)."""
    present = [name for name in (*_CONTEXT_CONSTRAINTS, "SourceArn") if constraints.get(name)]
    pairs = {name: value for kind in _CONTEXT_CONSTRAINTS for name, value in (constraints.get(kind) or {}).items()}
    context = _pairs(pairs)
    if present:
        context["kms:GrantConstraintType"] = present[0] if len(present) == 1 else tuple(present)
    return context


def _pairs(pairs: Mapping[str, str]) -> dict[str, ContextValue]:
    context: dict[str, ContextValue] = {f"kms:EncryptionContext:{name}": value for name, value in pairs.items()}
    return context | ({"kms:EncryptionContextKeys": tuple(pairs)} if pairs else {})


def _request_alias(call: KmsCall, permission: Permission) -> str | None:
    key_id = call.parameters.get(OPERATIONS[call.operation].keys[permission.on])
    if not isinstance(key_id, str):
        return None
    if key_id.startswith("arn:"):
        key_id = key_id.split(":", 5)[-1]
    return key_id if key_id.startswith("alias/") else None


def _tags(parameters: Mapping[str, Any]) -> dict[str, ContextValue]:
    tags = {tag["TagKey"]: tag["TagValue"] for tag in parameters.get("Tags") or ()}
    context: dict[str, ContextValue] = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    names = (*tags, *(parameters.get("TagKeys") or ()))
    if names:
        context["aws:TagKeys"] = names
    return context


def _put(context: dict[str, ContextValue], name: str, value: object) -> None:
    if isinstance(value, (list, tuple)):
        context[name] = tuple(_text(item) for item in value)
    elif value is not None:
        context[name] = _text(value)


def _text(value: object) -> str:
    """A request member as a condition sees it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
