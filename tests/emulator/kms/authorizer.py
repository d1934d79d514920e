"""KMS calls: their keys resolved, the engine asked, the provider pointed at the account that owns the key.

LocalStack looks bare ids, aliases, ciphertexts and grants up in the caller's account. Once a call is allowed it is
handed on as a call in the owner's account with the bare key id, which mends all of these in one place.
"""

from __future__ import annotations

import contextlib

from localstack.aws.api.kms import InvalidCiphertextException, InvalidGrantTokenException, NotFoundException

from emulator import errors
from emulator.call import Call
from emulator.kms import aws_managed_keys, keys
from emulator.kms.keys import Found
from plerion_kms.authorization import key_state
from plerion_kms.authorization.decision import Decision
from plerion_kms.authorization.kms import authorize_call
from plerion_kms.authorization.kms_call import KmsCall
from plerion_kms.authorization.kms_operations import CRYPTOGRAPHIC, WITHOUT_KEY
from plerion_kms.authorization.policies import Grant


def prepare(call: Call) -> None:
    """Resolve the call's keys and check its grant tokens.

    Raises AWS's NotFoundException for what the caller's own account does not have, InvalidGrantTokenException,
    InvalidCiphertextException.
    """
    _check_grant_tokens(call)
    if call.operation in WITHOUT_KEY:
        return
    resolver = {
        "Decrypt": _decrypt,
        "ReEncrypt": _re_encrypt,
        "CreateAlias": _create_alias,
        "DeleteAlias": _delete_alias,
        "UpdateAlias": _update_alias,
        "RetireGrant": _retire_grant,
    }.get(call.operation, _one_key)
    resolver(call)


def authorize(call: Call) -> Decision:
    """Ask the engine."""
    return authorize_call(
        call.resolved.caller,
        KmsCall(
            operation=call.operation,
            parameters=call.parameters,
            region=call.region,
            account=call.account,
            keys={role: keys.as_engine_key(found) if found else None for role, found in call.keys.items()},
            ciphertext_only=_ciphertext_only(call),
            grant=_grant_to_retire(call),
        ),
    )


def hand_over(call: Call) -> None:
    """After the decision: refuse what the state of a key does not allow, then make it a call in the owner's account.

    Raises DisabledException, KMSInvalidStateException; NotFoundException for a key that does not exist, which can get
    here only without enforcement.
    """
    for role, found in call.keys.items():
        if found is None:
            raise NotFoundException("The key does not exist.")
        error = None
        if role != "former":
            error = key_state.refusal(call.operation, found.kms_key.metadata["KeyState"], found.arn)
        if error is not None:
            raise errors.from_decision(error)
        if call.operation in CRYPTOGRAPHIC:
            keys.remember_use(found)
        if found.new_alias:
            aws_managed_keys.keep(found.account, found.region, found.new_alias, found.kms_key)
    owned = call.keys.get("target") or call.keys.get("key")
    if owned is not None:
        call.context.account_id = owned.account
        for member in ("KeyId", "TargetKeyId"):
            if call.parameters.get(member):
                call.parameters[member] = owned.key_id


def _ciphertext_only(call: Call) -> bool:
    if call.operation == "ReEncrypt":
        return not call.parameters.get("SourceKeyId")
    return call.operation == "Decrypt" and not call.parameters.get("KeyId")


def _check_grant_tokens(call: Call) -> None:
    tokens = call.parameters.get("GrantTokens") or ()
    for token in tokens:
        if not any(token in store.grant_tokens for _, store in keys.stores(call.region)):
            raise InvalidGrantTokenException("The provided grant token is invalid.")


def _one_key(call: Call) -> None:
    reference = call.parameters.get("KeyId")
    if not reference:
        return  # the provider says which parameter is missing
    call.keys["key"] = keys.find(reference, call.account, call.region)


def _decrypt(call: Call) -> None:
    call.keys["key"] = _decrypting(call, call.parameters.get("KeyId"))


def _re_encrypt(call: Call) -> None:
    call.keys["source"] = _decrypting(call, call.parameters.get("SourceKeyId"))
    call.keys["destination"] = keys.find(call.parameters["DestinationKeyId"], call.account, call.region)


def _decrypting(call: Call, reference: str | None) -> Found | None:
    """The key that decrypts: the one named, else the ciphertext's. A bare key id may be that of another account's key
    which the ciphertext names (KMS API reference, Decrypt)."""
    if not reference:
        return _by_ciphertext(call)
    try:
        return keys.find(reference, call.account, call.region)
    except NotFoundException:
        with contextlib.suppress(InvalidCiphertextException):
            found = _by_ciphertext(call)
            if found is not None and found.key_id == reference:
                return found
        raise


def _by_ciphertext(call: Call) -> Found | None:
    try:
        return keys.find_by_ciphertext(call.parameters.get("CiphertextBlob") or b"", call.account, call.region)
    except ValueError as error:
        raise InvalidCiphertextException() from error


def _create_alias(call: Call) -> None:
    call.keys["key"] = keys.find(call.parameters["TargetKeyId"], call.account, call.region)


def _delete_alias(call: Call) -> None:
    call.keys["key"] = keys.find(call.parameters["AliasName"], call.account, call.region)


def _update_alias(call: Call) -> None:
    call.keys["target"] = keys.find(call.parameters["TargetKeyId"], call.account, call.region)
    call.keys["former"] = keys.find(call.parameters["AliasName"], call.account, call.region)


def _retire_grant(call: Call) -> None:
    token = call.parameters.get("GrantToken")
    if not token:
        _one_key(call)
        return
    call.keys["key"] = _by_grant_token(token, call.region)


def _by_grant_token(token: str, region: str) -> Found | None:
    for owner, store in keys.stores(region):
        grant = store.grants.get(store.grant_tokens.get(token, ""))
        if grant is not None:
            return keys.find(grant.metadata["KeyArn"], owner, region)
    raise InvalidGrantTokenException("The provided grant token is invalid.")


def _grant_to_retire(call: Call) -> Grant | None:
    found = call.keys.get("key")
    if call.operation != "RetireGrant" or found is None:
        return None
    store = keys.store(found.account, found.region)
    grant_id = call.parameters.get("GrantId") or store.grant_tokens.get(call.parameters.get("GrantToken", ""), "")
    grant = store.grants.get(grant_id)
    return None if grant is None or grant.metadata["KeyArn"] != found.arn else keys.as_engine_grant(grant)
