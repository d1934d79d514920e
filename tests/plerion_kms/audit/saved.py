"""A snapshot in a folder: written by `--save`, read by `--from`.

`snapshot.json` has the run and its accounts without their keys, `keys/ACCOUNT/REGION.json` the keys of a Region,
`policies/DIGEST.json` each policy text once, byte for byte.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.snapshot import FORMAT, SavedRegion, Snapshot

INDEX = "snapshot.json"
_SNAPSHOT: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)
_REGION: TypeAdapter[SavedRegion] = TypeAdapter(SavedRegion)


def save(snapshot: Snapshot, folder: Path) -> None:
    """Write the snapshot into the folder, which is made, and which must be empty if it exists.

    Raises AuditError that names the folder and the way out.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise AuditError(f"{folder} is not empty: name a new folder to save what was read.")
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        for digest, text in snapshot.policies.items():
            (folder / "policies" / f"{digest}.json").write_bytes(text.encode())
        for account in snapshot.accounts:
            for region in account.regions:
                path = folder / "keys" / account.account / f"{region.region}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_REGION.dump_json(region, indent=1))
        index = replace(
            snapshot, policies={}, accounts=tuple(replace(account, regions=()) for account in snapshot.accounts)
        )
        # Written last: a folder without it is an unfinished one.
        (folder / INDEX).write_bytes(_SNAPSHOT.dump_json(index, indent=1))
    except OSError as error:
        raise AuditError(f"{folder} cannot be written ({error.strerror}): name another folder.") from error


def load(folder: Path) -> Snapshot:
    """Read a folder that `save` wrote. Raises AuditError that names the file, what is wrong and the way out."""
    index = folder / INDEX
    snapshot: Snapshot = _read(index, _SNAPSHOT)
    if snapshot.format != FORMAT:
        raise AuditError(
            f"{index} has the format {snapshot.format}, and this version of plerion-kms reads {FORMAT}: "
            "read the accounts again with --save."
        )
    accounts = tuple(
        replace(
            account,
            regions=tuple(_read(path, _REGION) for path in sorted((folder / "keys" / account.account).glob("*.json"))),
        )
        for account in snapshot.accounts
    )
    digests = {
        digest
        for account in accounts
        for digest in (
            *(key.policy for region in account.regions for key in region.keys if key.policy),
            *(digest for role in account.roles or () for digest in (role.trust, *role.inline.values())),
            *account.managed.values(),
            *(
                digest
                for level in (*(account.service_control or ()), *(account.resource_control or ()))
                for digest in level.values()
            ),
        )
    }
    return replace(snapshot, accounts=accounts, policies={digest: _text(folder, digest) for digest in digests})


def _text(folder: Path, digest: str) -> str:
    path = folder / "policies" / f"{digest}.json"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AuditError(
            f"{path} cannot be read ({error.strerror}): copy the saved folder whole, or read the accounts again."
        ) from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise AuditError(f"{path} was changed after it was saved: restore it, or read the accounts again.")
    return content.decode()


def _read(path: Path, adapter: TypeAdapter[Any]) -> Any:
    try:
        return adapter.validate_json(path.read_bytes())
    except OSError as error:
        raise AuditError(
            f"{path} cannot be read ({error.strerror}): give --from a folder that --save has written."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise AuditError(
            f"{path} is not what --save writes ({place or 'the file'}: {first['msg']}): read the accounts again."
        ) from error
