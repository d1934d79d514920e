"""What KMS checks in key policies before it stores them, and LocalStack does not.

Source: KMS API reference, CreateKey and PutKeyPolicy;
plerion_kms/authorization/RULES.md "Document validation".
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator import errors
from emulator.call import Call
from emulator.iam import principals
from emulator.kms import keys
from emulator.kms.keys import ResolvedKey
from plerion_kms.authorization.documents import parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms import lockout
from plerion_kms.authorization.kms_call import Key
from plerion_kms.authorization.validation import validate_key_policy

NEW_KEY = "00000000-0000-0000-0000-000000000000"


def check_new_key(call: Call, text: str, tags: Mapping[str, str]) -> None:
    """Refuse a policy for a key that does not exist yet (CreateKey)."""
    arn = f"arn:{call.context.partition}:kms:{call.region}:{call.caller_account}:key/{NEW_KEY}"
    check(call, text, Key(arn=arn, policy=parse_policy("", PolicyKind.KEY, "none"), tags=tags))


def check_existing_key(call: Call, text: str, key: ResolvedKey) -> None:
    """Refuse a policy for a key that exists (PutKeyPolicy)."""
    check(call, text, keys.as_engine_key(key))


def check(call: Call, text: str, key: Key) -> None:
    """Refuse a key policy that AWS would not store for `key`, also where it would lock the caller out.

    Raises MalformedPolicyDocumentException, LimitExceededException, ValidationException.
    """
    bypass = bool(call.parameters.get("BypassPolicyLockoutSafetyCheck"))
    error = validate_key_policy(text, principals.exists) or lockout(
        call.resolved.caller, key, text, key.arn.split(":")[3], bypass=bypass
    )
    if error is not None:
        raise errors.from_decision(error)
