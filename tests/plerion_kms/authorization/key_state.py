"""What a key's state refuses, once the call is authorized.

Source: KMS developer guide "Key states of AWS KMS keys" (the table and its notes); RULES.md "Key state and
ordering". The order of KMS's checks is inferred: request members, key id, authorization, key state, key usage,
ciphertext.
"""

from __future__ import annotations

from plerion_kms.authorization.decision import AwsError
from plerion_kms.authorization.kms_operations import CRYPTOGRAPHIC

_USING = CRYPTOGRAPHIC | {"CreateGrant", "GetPublicKey", "ReplicateKey"}
_ROTATING = frozenset(("DisableKeyRotation", "EnableKeyRotation", "RotateKeyOnDemand"))
_CHANGING = frozenset(
    (
        "CreateAlias",
        "DisableKey",
        "EnableKey",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateAlias",
        "UpdateKeyDescription",
        "UpdatePrimaryRegion",
        "ImportKeyMaterial",
        "GetParametersForImport",
    )
)

_DISABLED = "DisabledException"
_INVALID = "KMSInvalidStateException"
_UNSUPPORTED = "UnsupportedOperationException"

type _Rules = tuple[tuple[frozenset[str], str, str], ...]
"""Operations, and the code and the end of the text of their error."""

_PENDING_DELETION: _Rules = ((_USING | _ROTATING | _CHANGING, _INVALID, "is pending deletion."),)

_STATES: dict[str, _Rules] = {
    "Enabled": (),
    "Disabled": ((_USING | _ROTATING, _DISABLED, "is disabled."),),
    "PendingImport": (
        (_USING | {"EnableKey", "DisableKey", "RotateKeyOnDemand"}, _INVALID, "is pending import."),
        (_ROTATING, _UNSUPPORTED, "origin is EXTERNAL which is not valid for this operation."),
    ),
    "PendingDeletion": _PENDING_DELETION,
    "PendingReplicaDeletion": _PENDING_DELETION,
    "Unavailable": ((CRYPTOGRAPHIC, _INVALID, "is unavailable."),),
    "Creating": ((_USING | _ROTATING | _CHANGING, _INVALID, "is creating."),),
    "Updating": (
        (frozenset(("DisableKey", "EnableKey", "ReplicateKey", "UpdatePrimaryRegion")), _INVALID, "is updating."),
    ),
}

_DELETABLE = ("PendingDeletion", "PendingReplicaDeletion")


def refusal(operation: str, state: str, key_arn: str) -> AwsError | None:
    """The error of an operation on a key in a state (as DescribeKey prints it), or None where the state allows it.

    For UpdateAlias ask for the new key only: the state of the old one does not matter. A state that is not known
    refuses everything, by name.
    """
    if state not in _STATES:
        return AwsError(_INVALID, 400, f"{key_arn} is in a state that is unsupported: {state}.")
    if operation == "CancelKeyDeletion":
        return None if state in _DELETABLE else AwsError(_INVALID, 400, f"{key_arn} is not pending deletion.")
    for operations, code, text in _STATES[state]:
        if operation in operations:
            return AwsError(code, 400, f"{key_arn} {text}")
    return None
