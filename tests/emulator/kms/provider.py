"""LocalStack's KMS with what it lacks. Calls reach it in the account that owns the key."""

from __future__ import annotations

import base64
import copy
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.kms import (
    DryRunOperationException,
    InvalidGrantIdException,
    InvalidKeyUsageException,
    ListGrantsResponse,
    ReEncryptResponse,
)
from localstack.services.kms import models
from localstack.services.kms.exceptions import ValidationException
from localstack.services.kms.provider import KmsProvider
from localstack.services.kms.utils import validate_and_filter_tags
from localstack.utils.collections import PaginatedList

from emulator import errors
from emulator.call import Call
from emulator.iam import principals
from emulator.kms import key_documents, keys
from emulator.kms.grants import check_grant
from plerion_kms.authorization.kms_operations import On
from plerion_kms.authorization.validation import validate_policy_name

DRY_RUN_MESSAGE = "The request would have succeeded, but the DryRun option is set."
DATA_KEY_BYTES = {"AES_128": 16, "AES_256": 32}
WITH_EFFECT = frozenset({"CreateGrant", "RetireGrant", "RevokeGrant"})
"""Operations whose dry run must not go through the provider: each checks by itself and stops in time."""


class PatchedKmsProvider(KmsProvider):
    """Key policies validated, grants kept at the key's owner, ReEncrypt across accounts, dry runs."""

    def create_key(self, context: RequestContext, request: Any = None) -> Any:
        if request.get("Policy"):
            key_documents.check_new_key(context.call, request["Policy"], _tags(request))
        answer = super().create_key(context, request)
        kms_key = self._get_store(context.account_id, context.region).keys[answer["KeyMetadata"]["KeyId"]]
        principals.remember_document(kms_key, kms_key.policy)
        return answer

    def put_key_policy(self, context: RequestContext, request: Any) -> None:
        call: Call = context.call
        key = call.keys[On.KEY]
        assert key is not None
        error = validate_policy_name(request.get("PolicyName") or "default")
        if error is not None:
            raise errors.from_decision(error)
        key_documents.check_existing_key(call, request["Policy"], key)
        request.setdefault("PolicyName", "default")
        super().put_key_policy(context, request)
        principals.remember_document(key.kms_key, key.kms_key.policy)

    def get_key_policy(self, context: RequestContext, request: Any) -> Any:
        request.setdefault("PolicyName", "default")
        super().get_key_policy(context, request)  # refuses other names
        key = context.call.keys[On.KEY]
        return {"Policy": keys.key_policy(key), "PolicyName": "default"}

    def replicate_key(self, context: RequestContext, request: Any) -> Any:
        """A replica has a key policy and tags of its own; LocalStack copies the primary's policy and drops the tags."""
        call: Call = context.call
        region = request["ReplicaRegion"]
        primary = call.keys[On.KEY]
        assert primary is not None
        if request.get("Policy"):
            replica_key = replace(
                keys.as_engine_key(primary),
                arn=primary.arn.replace(f":{primary.region}:", f":{region}:", 1),
                tags=_tags(request),
                aliases=(),
                grants=(),
            )
            key_documents.check(call, request["Policy"], replica_key)
        validate_and_filter_tags(request.get("Tags") or [])  # LocalStack looks at them once the replica is made
        answer = super().replicate_key(context, request)
        replica = keys.store(primary.account, region).keys[primary.key_id]
        replica.policy = request.get("Policy") or replica._get_default_key_policy(primary.account, region)
        principals.remember_document(replica, replica.policy)
        if request.get("Tags"):
            self._set_key_tags(primary.account, region, replica.metadata["Arn"], request["Tags"])
        answer["ReplicaPolicy"] = replica.policy
        answer["ReplicaTags"] = request.get("Tags") or []
        return answer

    def create_grant(self, context: RequestContext, request: Any) -> Any:
        call: Call = context.call
        key = self._get_kms_key(context.account_id, context.region, request["KeyId"])
        check_grant(request, key)
        if request.get("DryRun"):
            raise _dry_run()
        store = self._get_store(context.account_id, context.region)
        name = request.pop("Name", None)
        same = _same_grant(list(store.grants.values()), key.metadata["KeyId"], name, request) if name else None
        if same is not None:
            token = _another_token(context.account_id, context.region)
            store.grant_tokens[token] = same.metadata["GrantId"]
            return {"GrantId": same.metadata["GrantId"], "GrantToken": token}
        # LocalStack would store the request itself, and would return any grant of the same name.
        answer = super().create_grant(context, copy.deepcopy(request))
        metadata: Any = store.grants[answer["GrantId"]].metadata
        metadata["KeyArn"] = key.metadata["Arn"]
        metadata["IssuingAccount"] = f"arn:aws:iam::{call.caller_account}:root"
        metadata["Name"] = name or ""
        principals.remember(
            store.grants[answer["GrantId"]], (metadata["GranteePrincipal"], metadata.get("RetiringPrincipal") or "")
        )
        return answer

    def list_grants(self, context: RequestContext, request: Any) -> Any:
        """The key's grants as AWS lists them; LocalStack compares the grantee with the ARN given at first."""
        store = self._get_store(context.account_id, context.region)
        grants = [keys.shown_grant(grant) for grant in list(store.grants.values())]
        requested = {
            member: request[member] for member in ("KeyId", "GrantId", "GranteePrincipal") if request.get(member)
        }
        matching = [grant for grant in grants if all(grant.get(member) == value for member, value in requested.items())]
        if "GrantId" in requested and not matching:
            raise InvalidGrantIdException()
        return _page_of_grants(matching, request.get("Limit"), request.get("Marker"))

    def revoke_grant(self, context: RequestContext, key_id: str, grant_id: str, dry_run: Any = None, **_: Any) -> None:
        self._remove_grant(context, grant_id, key_id, dry_run)

    def retire_grant(
        self,
        context: RequestContext,
        grant_token: Any = None,
        key_id: Any = None,
        grant_id: Any = None,
        dry_run: Any = None,
        **_: Any,
    ) -> None:
        store = self._get_store(context.account_id, context.region)
        if grant_token:
            grant_id = store.grant_tokens.get(grant_token, "")
        self._remove_grant(context, grant_id, key_id, dry_run)

    def list_retirable_grants(
        self, context: RequestContext, retiring_principal: str, limit: Any = None, marker: Any = None, **_: Any
    ) -> Any:
        """Grants in all accounts: they are kept at the key's owner, the retiring principal may be another account's."""
        matching = [
            keys.shown_grant(grant)
            for _, store in keys.stores(context.region)
            for grant in list(store.grants.values())
            if keys.shown_grant(grant).get("RetiringPrincipal") == retiring_principal
        ]
        return _page_of_grants(matching, limit, marker)

    def re_encrypt(self, context: RequestContext, **members: Any) -> Any:
        """Decrypt in the source key's account, encrypt in the destination's. LocalStack does both in the caller's."""
        call: Call = context.call
        source, destination = call.keys[On.SOURCE], call.keys[On.DESTINATION]
        assert source is not None
        assert destination is not None
        plain = self.decrypt(
            _in_account(context, source.account),
            ciphertext_blob=members.get("ciphertext_blob"),
            encryption_context=members.get("source_encryption_context"),
            key_id=source.key_id,
            encryption_algorithm=members.get("source_encryption_algorithm"),
        )
        cipher = self.encrypt(
            _in_account(context, destination.account),
            key_id=destination.key_id,
            plaintext=plain["Plaintext"],
            encryption_context=members.get("destination_encryption_context"),
            encryption_algorithm=members.get("destination_encryption_algorithm"),
        )
        return ReEncryptResponse(
            CiphertextBlob=cipher["CiphertextBlob"],
            SourceKeyId=source.arn,
            KeyId=destination.arn,
            SourceEncryptionAlgorithm=members.get("source_encryption_algorithm") or "SYMMETRIC_DEFAULT",
            DestinationEncryptionAlgorithm=members.get("destination_encryption_algorithm") or "SYMMETRIC_DEFAULT",
        )

    def generate_data_key(self, context: RequestContext, request: Any) -> Any:
        """A data key of the requested length; LocalStack's always has 32 bytes."""
        requested = [request.get(member) for member in ("KeySpec", "NumberOfBytes")]
        if (requested[0] is None) == (requested[1] is None):
            raise ValidationException("Please specify either number of bytes or key spec.")
        key = self._get_kms_key(context.account_id, context.region, request["KeyId"])
        if key.metadata["KeySpec"] != "SYMMETRIC_DEFAULT":
            raise InvalidKeyUsageException(f"{key.metadata['Arn']} key spec is not valid for {context.operation.name}.")
        plain = os.urandom(DATA_KEY_BYTES[requested[0]] if requested[0] else int(requested[1] or 0))
        return {
            "KeyId": key.metadata["Arn"],
            "Plaintext": plain,
            "CiphertextBlob": key.encrypt(plain, request.get("EncryptionContext")),
        }

    def generate_data_key_without_plaintext(self, context: RequestContext, request: Any) -> Any:
        answer = self.generate_data_key(context, request)
        del answer["Plaintext"]
        return answer

    def _remove_grant(self, context: RequestContext, grant_id: str, key_id: Any, dry_run: Any) -> None:
        store = self._get_store(context.account_id, context.region)
        grant = store.grants.get(grant_id)
        if grant is None or (key_id and grant.metadata["KeyId"] != key_id):
            raise InvalidGrantIdException()
        if dry_run:
            raise _dry_run()
        store.grants.pop(grant_id, None)
        for token, owner in list(store.grant_tokens.items()):
            if owner == grant_id:
                store.grant_tokens.pop(token, None)


def with_dry_run(operation: str, call_provider: Callable[..., Any]) -> Callable[..., Any]:
    """Make a provider's operation obey DryRun: done, checked and thrown away, since it has no lasting effect."""

    def dispatch(context: RequestContext, request: Mapping[str, Any]) -> Any:
        answer = call_provider(context, request)
        if request.get("DryRun"):
            raise _dry_run()
        return answer

    return call_provider if operation in WITH_EFFECT else dispatch


def _dry_run() -> DryRunOperationException:
    """The end of a dry run that would have succeeded. The status is that of AWS's answers as localstack/localstack
    recorded them (KMS snapshots); the API reference says 412."""
    error = DryRunOperationException(DRY_RUN_MESSAGE)
    error.status_code = 400
    return error


def bind_encryption_context() -> None:
    """Tie a ciphertext to its exact encryption context.

    LocalStack joins names and values without separators, so that different contexts give the same data.
    """

    def serialize(encryption_context: Mapping[str, str] | None) -> bytes:
        return json.dumps(sorted((encryption_context or {}).items())).encode("utf-8") if encryption_context else b""

    models._serialize_encryption_context = serialize


def _page_of_grants(grants: list[Any], limit: int | None, marker: str | None) -> Any:
    page, following = PaginatedList(grants).get_page(
        lambda grant: grant["GrantId"], next_token=marker, page_size=limit or 50
    )
    more = {"NextMarker": following, "Truncated": True} if following else {"Truncated": False}
    return ListGrantsResponse(Grants=page, **more)


def _in_account(context: RequestContext, account: str) -> RequestContext:
    other = copy.copy(context)
    other.account_id = account
    return other


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    return {tag["TagKey"]: tag["TagValue"] for tag in request.get("Tags") or ()}


def _same_grant(grants: list[Any], key_id: str, name: str, request: Mapping[str, Any]) -> Any:
    """A grant that an earlier call with the same name and members made: CreateGrant is idempotent by name."""
    compared = ("GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints")
    for grant in grants:
        metadata = grant.metadata
        named = metadata["KeyId"] == key_id and metadata["Name"] == name
        if named and all(metadata.get(member) == request.get(member) for member in compared):
            return grant
    return None


def _another_token(account: str, region: str) -> str:
    return base64.b64encode(f"{account}:{region}:{models.long_uid()}".encode()).decode("ascii")
