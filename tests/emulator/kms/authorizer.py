"""KMS calls: their keys resolved, the engine asked, the provider pointed at the account that owns the key.

LocalStack looks bare ids, aliases, ciphertexts and grants up in the caller's account. An allowed call is
forwarded as a call in the owner's account with the bare key id, which covers all of these in one place.
"""

from __future__ import annotations

import contextlib

from localstack.aws.api.kms import InvalidCiphertextException, InvalidGrantTokenException, NotFoundException
from localstack.services.kms.models import KmsGrant

from emulator import errors
from emulator.call import Call
from emulator.kms import aws_managed_keys, keys
from emulator.kms.keys import ResolvedKey
from plerion_kms.authorization import key_state
from plerion_kms.authorization.decision import Decision
from plerion_kms.authorization.kms import authorize_call
from plerion_kms.authorization.kms_call import KmsCall
from plerion_kms.authorization.kms_operations import CRYPTOGRAPHIC, OPERATIONS, On
from plerion_kms.authorization.policies import Grant

DECRYPTING = {"Decrypt": On.KEY, "ReEncrypt": On.SOURCE}
"""Operations on a ciphertext, and the key that decrypts it: the request need not name it."""


def prepare(call: Call) -> None:
    """Resolve the call's keys and check its grant tokens.

    Raises AWS's NotFoundException for what the caller's own account does not have, InvalidGrantTokenException,
    InvalidCiphertextException.
    """
    for token in call.parameters.get("GrantTokens") or ():
        _find_grant(token, call.region)
    for role, member in OPERATIONS[call.operation].keys.items():
        key_id = call.parameters.get(member)
        if DECRYPTING.get(call.operation) is role:
            call.keys[role] = _decrypting_key(call, key_id)
        elif call.parameters.get("GrantToken"):
            owner, grant = _find_grant(call.parameters["GrantToken"], call.region)
            call.keys[role] = keys.find(grant.metadata["KeyArn"], owner, call.region)
        elif key_id and role is not On.NOTHING:
            call.keys[role] = keys.find(key_id, call.caller_account, call.region)


def authorize(call: Call) -> Decision:
    """Ask the engine."""
    return authorize_call(
        call.resolved.caller,
        KmsCall(
            operation=call.operation,
            parameters=call.parameters,
            region=call.region,
            account=call.caller_account,
            keys={role.value: keys.as_engine_key(key) if key else None for role, key in call.keys.items()},
            ciphertext_only=_ciphertext_only(call),
            grant=_grant_to_retire(call),
        ),
    )


def forward_to_owner(call: Call) -> None:
    """After the decision: refuse what the state of a key does not allow, then make it a call in the owner's account.

    Raises DisabledException, KMSInvalidStateException; NotFoundException for a key that does not exist, which can
    happen only without enforcement.
    """
    for role, key in call.keys.items():
        if key is None:
            raise NotFoundException("The key does not exist.")
        state = key.kms_key.metadata["KeyState"]
        error = None if role is On.FORMER else key_state.refusal(call.operation, state, key.arn)
        if error is not None:
            raise errors.from_decision(error)
        if call.operation in CRYPTOGRAPHIC:
            keys.remember_use(key)
        if key.new_alias:
            aws_managed_keys.keep(key.account, key.region, key.new_alias, key.kms_key)
        member = OPERATIONS[call.operation].keys[role]
        if member != "AliasName" and call.parameters.get(member):
            call.parameters[member] = key.key_id
    owned = call.keys.get(On.TARGET) or call.keys.get(On.KEY)
    if owned is not None:
        call.context.account_id = owned.account


def _ciphertext_only(call: Call) -> bool:
    operation, role = OPERATIONS[call.operation], DECRYPTING.get(call.operation)
    return role is not None and not call.parameters.get(operation.keys[role])


def _decrypting_key(call: Call, key_id: str | None) -> ResolvedKey | None:
    """The key that decrypts: the one named, else the ciphertext's. A bare key id may be that of another account's key
    which the ciphertext names (KMS API reference, Decrypt)."""
    if not key_id:
        return _by_ciphertext(call)
    try:
        return keys.find(key_id, call.caller_account, call.region)
    except NotFoundException:
        with contextlib.suppress(InvalidCiphertextException):
            key = _by_ciphertext(call)
            if key is not None and key.key_id == key_id:
                return key
        raise


def _by_ciphertext(call: Call) -> ResolvedKey | None:
    try:
        return keys.find_by_ciphertext(call.parameters.get("CiphertextBlob") or b"", call.caller_account, call.region)
    except ValueError as error:
        raise InvalidCiphertextException() from error


def _grant_to_retire(call: Call) -> Grant | None:
    """The grant that RetireGrant means: by its token, which the provider reads first, else by its id."""
    key = call.keys.get(On.KEY)
    if call.operation != "RetireGrant" or key is None:
        return None
    token, store = call.parameters.get("GrantToken"), keys.store(key.account, key.region)
    grant = _find_grant(token, call.region)[1] if token else store.grants.get(call.parameters.get("GrantId", ""))
    return None if grant is None or grant.metadata["KeyArn"] != key.arn else keys.as_engine_grant(grant)


def _find_grant(token: str, region: str) -> tuple[str, KmsGrant]:
    """The grant with this token, and the account of its key."""
    for owner, store in keys.stores(region):
        grant = store.grants.get(store.grant_tokens.get(token, ""))
        if grant is not None:
            return owner, grant
    raise InvalidGrantTokenException("The provided grant token is invalid.")
