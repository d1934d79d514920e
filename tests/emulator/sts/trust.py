"""Role trust policies, with the roles and users in them kept by who they were (see `emulator.iam.principals`)."""

from __future__ import annotations

from emulator.iam import identities, principals


def trust_policy(account: str, name: str) -> str:
    """The trust policy's JSON text of a role that exists."""
    entity = identities.store(account).ROLES[name]
    text = identities.document_text(entity.role["AssumeRolePolicyDocument"])
    return principals.as_stored(text, getattr(entity, "trusted", {}))


def remember_trusted(account: str, name: str, document: str) -> None:
    """Keep which roles and users the new trust policy of a role means."""
    identities.store(account).ROLES[name].trusted = principals.unique_ids(document)
