"""The principals that a policy or grant names: whether they exist, and who they were when the policy was stored.

AWS stores a role or user in a policy by its unique id. When the entity is deleted the id shows in the policy in place
of the ARN, and a recreated entity of the same name is a different principal. Source: IAM user guide "AWS JSON policy
elements: Principal"; KMS API reference, PutKeyPolicy (principals "must exist and be visible to AWS KMS").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emulator.iam import identities

ENTITY = re.compile(r"arn:[a-z-]+:(?:iam|sts)::([0-9]{12}):(user|role|assumed-role)/(.+)")


def exists(arn: str) -> bool:
    """Whether this ARN can be named: an account, a federated user, or a role, user or session's role that exists.

    Every account number is accepted as an account. Roles that AWS services use for themselves start with `aws:` and
    are in no account.
    """
    match = ENTITY.fullmatch(arn)
    if match is None:
        return True
    account, kind, name = match.groups()
    if kind == "assumed-role":
        role = name.partition("/")[0]
        return role in identities.store(account).ROLES or role.startswith("aws:")
    return _unique_id(arn) is not None


def remember(holder: Any, arns: Iterable[str]) -> None:
    """Keep with a role, key or grant of LocalStack's which unique ids the roles and users that it names have now."""
    holder.principal_ids = {arn: unique_id for arn in arns if (unique_id := _unique_id(arn)) is not None}


def remember_document(holder: Any, document: str) -> None:
    """As `remember`, for the principals that a valid document names."""
    remember(holder, (name for place, key in _places(json.loads(document)) for name in _texts(place[key])))


def now(holder: Any, arn: str) -> str:
    """What a principal that `holder` names is called now: its ARN, which may have changed since, or its unique id if it
    was deleted, even if another role or user has its name now."""
    unique_id = _ids(holder).get(arn)
    if unique_id is None or _unique_id(arn) == unique_id:
        return arn
    return _arn_of_user(arn, unique_id) or unique_id


def as_stored(holder: Any, document: str) -> str:
    """The document of `holder` as AWS shows and reads it later: each role and user by what it is called now.

    Only Principal and NotPrincipal name entities; the same ARN in a condition, a Sid or an Id is text.
    """
    changed = {arn: name for arn in _ids(holder) if (name := now(holder, arn)) != arn}
    if not changed:
        return document
    parsed = json.loads(document)
    for place, key in _places(parsed):
        value = place[key]
        place[key] = (
            changed.get(value, value) if isinstance(value, str) else [changed.get(each, each) for each in value]
        )
    return json.dumps(parsed)


def _ids(holder: Any) -> Mapping[str, str]:
    ids: Mapping[str, str] = getattr(holder, "principal_ids", {})
    return ids


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
    """The present ARN of a user: its name and path can change, those of a role cannot."""
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
