"""Accounts as they are read: built here, judged by the tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plerion_kms.audit.snapshot import SavedAccount, SavedGrant, SavedKey, SavedRegion, SavedRole, Snapshot

ACCOUNT = "111122223333"
OTHER = "444455556666"
REGION = "eu-central-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
APPLIANCE = f"arn:aws:iam::{ACCOUNT}:role/PlerionApplianceRole"
ACCESS = f"arn:aws:iam::{ACCOUNT}:role/PlerionAccessRole"


def document(*statements: Mapping[str, Any], version: str = "2012-10-17") -> str:
    """A policy's text."""
    return json.dumps({"Version": version, "Statement": statements})


def allow(action: str | Sequence[str] = "kms:*", principal: Any = None, **members: Any) -> dict[str, Any]:
    """A key policy's statement; by default the one that delegates to the account."""
    to = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"} if principal is None else principal
    return {"Effect": "Allow", "Principal": to, "Action": action, "Resource": "*", **members}


def deny(action: str | Sequence[str] = "kms:*", principal: Any = "*", **members: Any) -> dict[str, Any]:
    """A key policy's Deny."""
    return {**allow(action, principal, **members), "Effect": "Deny"}


@dataclass
class World:
    """One account with one key, and with the roles given."""

    policy: str = field(default_factory=lambda: document(allow()))
    tags: Mapping[str, str] | None = field(default_factory=dict)
    roles: Sequence[Mapping[str, Any]] | None = ()
    grants: tuple[SavedGrant, ...] | None = ()
    organization: str = ""
    key_members: Mapping[str, Any] = field(default_factory=dict)
    service_control: Sequence[Mapping[str, str]] = ()
    managed: Mapping[str, str] = field(default_factory=dict)

    def snapshot(self) -> Snapshot:
        """What reading it gives."""
        texts: dict[str, str] = {}

        def keep(text: str) -> str:
            digest = hashlib.sha256(text.encode()).hexdigest()
            texts[digest] = text
            return digest

        key = SavedKey(
            **{
                "arn": KEY,
                "manager": "CUSTOMER",
                "state": "Enabled",
                "spec": "SYMMETRIC_DEFAULT",
                "usage": "ENCRYPT_DECRYPT",
                "origin": "AWS_KMS",
                "aliases": (),
                "policy": keep(self.policy),
                "tags": self.tags,
                "grants": self.grants,
                **self.key_members,
            }
        )
        roles = None
        if self.roles is not None:
            roles = tuple(
                SavedRole(
                    arn=role["arn"],
                    unique_id=f"AROA{number}",
                    trust=keep(role.get("trust", document())),
                    tags=role.get("tags", {}),
                    inline={name: keep(text) for name, text in role.get("inline", {}).items()},
                    attached=role.get("attached", ()),
                    boundary=role.get("boundary"),
                )
                for number, role in enumerate(self.roles)
            )
        account = SavedAccount(
            ACCOUNT,
            organization=self.organization,
            roles=roles,
            managed={arn: keep(text) for arn, text in self.managed.items()},
            regions=(SavedRegion(REGION, (key,)),),
            service_control=tuple({n: keep(t) for n, t in level.items()} for level in self.service_control),
        )
        return Snapshot("2026-01-01T00:00:00Z", f"arn:aws:iam::{ACCOUNT}:root", (account,), texts)
