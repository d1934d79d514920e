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

from emulator import identities

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
    return ids_of(_named(document))


def ids_of(arns: Iterable[str]) -> dict[str, str]:
    """The unique ids that these roles and users have now; other principals have none."""
    found = {arn: _unique_id(arn) for arn in arns}
    return {arn: unique_id for arn, unique_id in found.items() if unique_id is not None}


def now(arn: str, ids: Mapping[str, str]) -> str:
    """The principal that had one of `ids` when it was named: its ARN, or its id where it is another one by now."""
    return ids[arn] if arn in ids and _unique_id(arn) != ids[arn] else arn


def as_stored(document: str, ids: Mapping[str, str]) -> str:
    """The document as AWS shows and reads it later: each entity that is gone, or is another one by now, by its id."""
    gone = {arn: unique_id for arn, unique_id in ids.items() if _unique_id(arn) != unique_id}
    for arn, unique_id in gone.items():
        document = document.replace(json.dumps(arn), json.dumps(unique_id))
    return document


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


def _named(document: str) -> Iterator[str]:
    statements: Any = json.loads(document)["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        for element in (statement.get("Principal"), statement.get("NotPrincipal")):
            values = element.get("AWS", ()) if isinstance(element, dict) else ()
            yield from [values] if isinstance(values, str) else values
