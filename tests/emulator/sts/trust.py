"""Role trust policies, whose principals are kept by unique id (see `emulator.iam.principals`)."""

from __future__ import annotations

from emulator.iam import identities, principals


def trust_policy(account: str, name: str) -> str:
    """The trust policy's JSON text of a role that exists."""
    entity = identities.store(account).ROLES[name]
    text = identities.document_text(entity.role["AssumeRolePolicyDocument"])
    return principals.as_stored(entity, text)
