"""Snapshots made by hand, as the audit would have read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plerion_kms.audit.snapshot import SavedAccount, SavedKey, SavedRegion, SavedRole, Snapshot
from plerion_kms.guide import mode_statement

ACCOUNT = "111122223333"
INTEGRATION = "444455556666"


@dataclass
class Made:
    """Collects keys, and gives the snapshot with them. partition: of every ARN."""

    partition: str = "aws"
    texts: dict[str, str] = field(default_factory=dict)
    keys: list[SavedKey] = field(default_factory=list)

    def keep(self, document: str | Mapping[str, Any]) -> str:
        """The digest of a policy."""
        text = document if isinstance(document, str) else json.dumps(document)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.texts[digest] = text
        return digest

    def root(self, account: str = ACCOUNT) -> dict[str, Any]:
        """The statement that delegates to the account."""
        principal = {"AWS": f"arn:{self.partition}:iam::{account}:root"}
        return {"Sid": "Root", "Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}

    def administration(self) -> dict[str, Any]:
        """A statement that opens the key to an administrator alone."""
        role = f"arn:{self.partition}:iam::{ACCOUNT}:role/Administrator"
        return {**self.root(), "Sid": "Administration", "Condition": {"ArnEquals": {"aws:PrincipalArn": role}}}

    def key(
        self,
        policy: str | Sequence[Mapping[str, Any]],
        *,
        version: str = "2012-10-17",
        region: str = "us-east-1",
        aliases: tuple[str, ...] = (),
        tags: Mapping[str, str] | None = None,
        key_id: str = "",
    ) -> str:
        """Add an enabled key of the account; returns its ARN. policy: its text, or its statements."""
        text = policy if isinstance(policy, str) else {"Version": version, "Statement": list(policy)}
        key_id = key_id or f"00000000-0000-4000-8000-{len(self.keys):012}"
        arn = f"arn:{self.partition}:kms:{region}:{ACCOUNT}:key/{key_id}"
        self.keys.append(
            SavedKey(
                arn,
                manager="CUSTOMER",
                state="Enabled",
                spec="SYMMETRIC_DEFAULT",
                usage="ENCRYPT_DECRYPT",
                origin="AWS_KMS",
                aliases=aliases,
                policy=self.keep(text),
                tags=dict(tags or {}),
                grants=(),
            )
        )
        return arn

    def roles(self, account: str) -> tuple[SavedRole, ...]:
        """The two roles, with the mode ALL_KEYS."""
        mode = mode_statement("ALL_KEYS")
        # The modules put the partition's name there.
        mode["Resource"] = "*"
        metadata = {"Effect": "Allow", "Action": ["kms:Describe*", "kms:List*", "kms:Get*"], "Resource": "*"}
        trust = self.keep({"Version": "2012-10-17", "Statement": []})

        def role(name: str, tag: tuple[str, str], statement: Mapping[str, Any]) -> SavedRole:
            policy = self.keep({"Version": "2012-10-17", "Statement": [statement]})
            arn = f"arn:{self.partition}:iam::{account}:role/{name}"
            return SavedRole(arn, "AROAEXAMPLEEXAMPLE", trust, dict([tag]), {"policy": policy})

        return (
            role("PlerionApplianceRole", ("PlerionApplianceRole", "True"), mode),
            role("PlerionAccessRole", ("RolePurpose", "PlerionAccess"), metadata),
        )

    def snapshot(self, *, roles_in: str = ACCOUNT) -> Snapshot:
        """The snapshot, of the keys' account and, if the roles are in another, that one."""
        regions = tuple(
            SavedRegion(name, tuple(key for key in self.keys if key.arn.split(":")[3] == name))
            for name in sorted({key.arn.split(":")[3] for key in self.keys})
        )
        accounts = [
            SavedAccount(
                account,
                partition=self.partition,
                roles=self.roles(account) if account == roles_in else (),
                service_control=(),
                resource_control=(),
                regions=regions if account == ACCOUNT else (),
            )
            for account in dict.fromkeys((ACCOUNT, roles_in))
        ]
        return Snapshot(
            "2026-01-01T00:00:00Z", f"arn:{self.partition}:iam::{ACCOUNT}:root", tuple(accounts), self.texts
        )
