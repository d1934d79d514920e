"""Which accounts to read: this one, those of a file, or those of the organization."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import boto3
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from plerion_kms.audit.calls import Calls, client_config, sts_client
from plerion_kms.audit.collect import Target
from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.organization import active_accounts
from plerion_kms.strict_yaml import YamlError, load


class _Account(BaseModel):
    """An entry of the file. role_name, external_id: where they differ from the command's."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    name: str = ""
    role_name: str = ""
    external_id: str = ""


_FILE = TypeAdapter(list[_Account])


def targets_of(
    session: boto3.Session, file: Path | None, *, organization: bool, role: str, external_id: str
) -> list[Target]:
    """The accounts to read. The credentials' own account is read with the credentials themselves.

    Raises AuditError; BotoCoreError and ClientError if the credentials are refused.
    """
    if not file and not organization:
        return [Target("")]
    own = sts_client(session, client_config(1)).get_caller_identity()["Account"]
    if file:
        return [
            Target(
                account.id,
                account.name,
                "" if account.id == own and not account.role_name else account.role_name or role,
                account.external_id or external_id,
            )
            for account in _accounts(file)
        ]
    calls = Calls(own, session, client_config(4))
    found = active_accounts(calls)
    if found is None:
        problem = calls.problems("")[0]
        raise AuditError(
            f"The organization's accounts can't be listed ({problem.code}: {problem.message}): use credentials of the "
            "management account or of a delegated administrator, or list the accounts with --accounts."
        )
    return [Target(account, name, "" if account == own else role, external_id) for account, name in found]


def _accounts(file: Path) -> list[_Account]:
    try:
        document = load(file)
    except YamlError as error:
        raise AuditError(str(error)) from error
    try:
        accounts = _FILE.validate_python(document.value, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise AuditError(
            f"{file}, line {document.line(first['loc'])}: {place or 'the file'} does not fit ({first['msg']}): write "
            'entries such as - {id: "111122223333"}, with the id in quotes.'
        ) from error
    twice = {account.id for account in accounts if sum(other.id == account.id for other in accounts) > 1}
    if twice or not accounts:
        problem = f"names {', '.join(sorted(twice))} twice" if twice else "lists no account"
        raise AuditError(f"{file} {problem}: list each account once.")
    return accounts
