"""The principals that a policy or grant names: whether they exist, and who they were when the policy was stored.

AWS stores a role or user in a policy by its unique id. When the entity is deleted the id shows in the policy in place
of the ARN, and an entity of the same name made later is not meant. Source: IAM user guide "AWS JSON policy elements:
Principal"; KMS API reference, PutKeyPolicy (principals "must exist and be visible to AWS KMS").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emulator.iam import identities

ENTITY = re.compile(r"arn:[a-z-]+:(?:iam|sts)::([0-9]{12}):(user|role|assumed-role)/(.+)")


def exists(arn: str) -> bool:
    """Whether this ARN can be named: an account, a federated user, or a role, user or session's role that there is.

    Every account number counts as an account. Roles that AWS services use for themselves start with `aws:` and are in
    no account.
    """
    match = ENTITY.fullmatch(arn)
    if match is None:
        return True
    account, kind, name = match.groups()
    if kind == "assumed-role":
        role = name.partition("/")[0]
        return role in identities.store(account).ROLES or role.startswith("aws:")
    return _unique_id(arn) is not None


def unique_ids(document: str) -> dict[str, str]:
    """The unique ids that the roles and users named in a valid document have now."""
    return ids_of(name for holder, key in _places(json.loads(document)) for name in _texts(holder[key]))


def ids_of(arns: Iterable[str]) -> dict[str, str]:
    """The unique ids that these roles and users have now; other principals have none."""
    found = {arn: _unique_id(arn) for arn in arns}
    return {arn: unique_id for arn, unique_id in found.items() if unique_id is not None}


def now(arn: str, ids: Mapping[str, str]) -> str:
    """The principal that had one of `ids` when it was named: its ARN, under which it may have moved since, or its id if
    it is deleted, also if another one has its name by now."""
    unique_id = ids.get(arn)
    if unique_id is None or _unique_id(arn) == unique_id:
        return arn
    return _arn_of_user(arn, unique_id) or unique_id


def as_stored(document: str, ids: Mapping[str, str]) -> str:
    """The document as AWS shows and reads it later: each entity that it named, by what it is called now.

    Only Principal and NotPrincipal name entities; the same ARN in a condition, a Sid or an Id is text.
    """
    changed = {arn: name for arn in ids if (name := now(arn, ids)) != arn}
    if not changed:
        return document
    parsed = json.loads(document)
    for holder, key in _places(parsed):
        value = holder[key]
        holder[key] = (
            changed.get(value, value) if isinstance(value, str) else [changed.get(each, each) for each in value]
        )
    return json.dumps(parsed)


def _unique_id(arn: str) -> str | None:
    match = ENTITY.fullmatch(arn)
    if match is None or match[2] == "assumed-role":
        return None
    account, kind, name = match.groups()
    iam = identities.store(account)
    name = name.rpartition("/")[2]
    if kind == "role":
        role = iam.ROLES.get(name)
        return str(role.role["RoleId"]) if role is not None and role.role["Arn"] == arn else None
    user = iam.USERS.get(name)
    return str(user.user["UserId"]) if user is not None and user.user["Arn"] == arn else None


def _arn_of_user(arn: str, unique_id: str) -> str | None:
    """Where a user is by now: its name and path can change, those of a role cannot."""
    match = ENTITY.fullmatch(arn)
    if match is None or match[2] != "user":
        return None
    users = list(identities.store(match[1]).USERS.values())
    return next((str(entity.user["Arn"]) for entity in users if entity.user["UserId"] == unique_id), None)


def _places(document: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a valid document names AWS principals: the object that holds them and their key in it."""
    statements = document["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        for element in ("Principal", "NotPrincipal"):
            if isinstance(statement.get(element), dict) and "AWS" in statement[element]:
                yield statement[element], "AWS"


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
