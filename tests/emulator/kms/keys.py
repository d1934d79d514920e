"""Which key a KMS request means, and that key as the engine sees it.

Bare key ids and alias names belong to the caller's account, ARNs to the account that they name; a ciphertext names its
key by id alone, so its owner is looked for. Source: KMS API reference, `KeyId` of each operation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api.kms import NotFoundException
from localstack.services.kms.models import (
    MULTI_REGION_PATTERN,
    PATTERN_UUID,
    KmsGrant,
    KmsKey,
    KmsStore,
    deserialize_ciphertext_blob,
    kms_stores,
)
from localstack.services.stores import AccountRegionBundle

from emulator.iam import principals
from emulator.kms import aws_managed_keys
from plerion_kms.authorization.documents import parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms_call import Key
from plerion_kms.authorization.policies import Grant

KEY_ARN = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]*):([0-9]{12}):(key/|alias/)(.+)")


@dataclass(frozen=True, slots=True)
class ResolvedKey:
    """A key with its owner, and how LocalStack keeps it.

    new_alias: for an AWS managed key that this call is the first to use, its alias: the key is kept once the call is
    allowed.
    """

    account: str
    region: str
    kms_key: KmsKey
    new_alias: str = ""

    @property
    def arn(self) -> str:
        """The key's ARN."""
        return str(self.kms_key.metadata["Arn"])

    @property
    def key_id(self) -> str:
        """The key's bare id."""
        return str(self.kms_key.metadata["KeyId"])


NOTHING: KmsStore = AccountRegionBundle("kms", KmsStore)["0" * 12]["us-east-1"]
"""The state of an account that has no resources."""


def store(account: str, region: str) -> KmsStore:
    """The KMS state of an account in a Region. Reading creates none: a caller may name any account."""
    made = account in kms_stores and region in kms_stores[account]
    return kms_stores[account][region] if made else NOTHING


def find(reference: str, account: str, region: str) -> ResolvedKey | None:
    """The key that `reference` (key id, key ARN, alias name or alias ARN) means for a caller of `account`.

    None if another account has no such key: AWS does not let a caller distinguish a missing from a forbidden key there.
    Raises NotFoundException if the caller's own account has no such key, or the ARN names another Region.
    """
    match = KEY_ARN.fullmatch(reference)
    if match is None:
        owner, name = account, reference
        is_alias = reference.startswith("alias/")
    else:
        arn_region, owner, kind, name = match.groups()
        if arn_region != region:
            raise NotFoundException(f"Invalid arn {arn_region}")
        is_alias = kind == "alias/"
        name = f"alias/{name}" if is_alias else name
    if is_alias and owner == account and aws_managed_keys.is_to_be_made(store(owner, region), name):
        return ResolvedKey(owner, region, aws_managed_keys.new_key(owner, region, name), name)
    try:
        key_id = _alias_target(name, owner, region) if is_alias else name
        return _by_id(key_id, owner, region)
    except NotFoundException:
        if owner != account:
            return None
        raise


def find_by_ciphertext(blob: bytes, account: str, region: str) -> ResolvedKey | None:
    """The key that encrypted `blob`, in whichever account; None if it was deleted.

    Raises ValueError if `blob` is not a KMS ciphertext.
    """
    try:
        key_id = deserialize_ciphertext_blob(blob).key_id
    except Exception as error:
        raise ValueError("not a KMS ciphertext") from error
    owners = [owner for owner, owner_store in stores(region) if key_id in owner_store.keys]
    if account in owners:
        return _by_id(key_id, account, region)
    return _by_id(key_id, owners[0], region) if len(owners) == 1 else None


def stores(region: str) -> Iterator[tuple[str, KmsStore]]:
    """Every account that has used KMS in a Region, with its state there."""
    for account, regions in list(kms_stores.items()):
        if region in regions:
            yield account, regions[region]


def key_policy(key: ResolvedKey) -> str:
    """The key policy's JSON text; deleted roles and users are named in it by their unique ids."""
    return principals.as_stored(key.kms_key, key.kms_key.policy)


def remember_use(key: ResolvedKey) -> None:
    """Keep when a key was last used."""
    key.kms_key.last_used = datetime.now(UTC)


def as_engine_key(key: ResolvedKey) -> Key:
    """The key with its current policy, tags, aliases and grants."""
    metadata: Any = key.kms_key.metadata
    owner_store = store(key.account, key.region)
    aliases = list(owner_store.aliases.values())
    last_used: datetime = getattr(key.kms_key, "last_used", metadata["CreationDate"].astimezone(UTC))
    return Key(
        arn=key.arn,
        policy=parse_policy(key_policy(key), PolicyKind.KEY, "key policy"),
        tags=owner_store.tags.get_tags(key.arn),
        aliases=(key.new_alias,)
        if key.new_alias
        else tuple(alias.metadata["AliasName"] for alias in aliases if _target(alias) == key.key_id),
        spec=metadata["KeySpec"],
        usage=metadata["KeyUsage"],
        origin=metadata["Origin"],
        multi_region=bool(metadata["MultiRegion"]),
        multi_region_type=(metadata.get("MultiRegionConfiguration") or {}).get("MultiRegionKeyType", ""),
        aws_managed=metadata["KeyManager"] == "AWS",
        unused_days=(datetime.now(UTC) - last_used).days,
        grants=tuple(
            as_engine_grant(each) for each in list(owner_store.grants.values()) if each.metadata["KeyArn"] == key.arn
        ),
    )


def shown_grant(grant: KmsGrant) -> dict[str, Any]:
    """A grant's members as AWS lists them: a grantee or retiring principal that was deleted by its unique id."""
    metadata: Any = grant.metadata
    named = {member: metadata.get(member) for member in ("GranteePrincipal", "RetiringPrincipal")}
    return {**metadata, **{member: principals.now(grant, arn) for member, arn in named.items() if arn}}


def as_engine_grant(grant: KmsGrant) -> Grant:
    """A grant as the engine sees it."""
    metadata = shown_grant(grant)
    constraints = metadata.get("Constraints") or {}
    return Grant(
        grant_id=metadata["GrantId"],
        key_arn=metadata["KeyArn"],
        grantee=metadata["GranteePrincipal"],
        operations=tuple(metadata["Operations"]),
        issuing_account=metadata["IssuingAccount"].split(":")[4],
        retiring=metadata.get("RetiringPrincipal") or "",
        equals=constraints.get("EncryptionContextEquals"),
        subset=constraints.get("EncryptionContextSubset"),
        source_arn=constraints.get("SourceArn") or "",
    )


def _target(alias: Any) -> str:
    return str(alias.metadata["TargetKeyId"]).rpartition("/")[2]


def _alias_target(name: str, owner: str, region: str) -> str:
    alias = store(owner, region).aliases.get(name)
    if alias is None:
        raise NotFoundException(f"Alias arn:aws:kms:{region}:{owner}:{name} is not found.")
    return _target(alias)


def _by_id(key_id: str, owner: str, region: str) -> ResolvedKey:
    if not PATTERN_UUID.match(key_id) and not MULTI_REGION_PATTERN.match(key_id):
        raise NotFoundException(f"Invalid keyId '{key_id}'")
    kms_key = store(owner, region).keys.get(key_id)
    if kms_key is None:
        raise NotFoundException(f"Key 'arn:aws:kms:{region}:{owner}:key/{key_id}' does not exist")
    return ResolvedKey(owner, region, kms_key)
