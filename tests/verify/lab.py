"""What experiments are made of: roles, sessions, keys and grants, in the accounts of the stage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.aws.principals import Principal, role_arn
from verify.cloud import AwsPrincipal
from verify.stage import AwsAccount, AwsStage

type Statement = Mapping[str, Any]
type Owner = Literal["integration", "other"]

NOTHING_OF_KMS: Statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
"""For boundaries and session policies that do not allow KMS."""


def document(*statements: Statement, version: str = "2012-10-17") -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": version, "Statement": list(statements)}


def allow(action: str, principal: Any = None, **members: Any) -> dict[str, Any]:
    """An Allow on every resource; of a key policy if there is a principal."""
    return _statement("Allow", action, principal, members)


def deny(action: str, principal: Any = None, **members: Any) -> dict[str, Any]:
    """A Deny, as `allow`."""
    return _statement("Deny", action, principal, members)


def _statement(effect: str, action: str, principal: Any, members: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": effect, "Action": action, **members}
    if not members.keys() & {"Resource", "NotResource"}:
        statement["Resource"] = "*"
    if principal is not None:
        statement["Principal"] = principal
    return statement


@dataclass
class Lab:
    """Makes things for experiments. roles, keys: how many were made."""

    stage: AwsStage
    roles: int = 0
    keys: int = 0
    _boundary: str = ""
    _names: set[str] = field(default_factory=set)

    @property
    def account(self) -> str:
        """The integration's account, where the roles are."""
        return self.stage.integration.id

    @property
    def own_account(self) -> Statement:
        """A key-policy statement that delegates to the integration's account."""
        return allow("kms:*", {"AWS": f"arn:aws:iam::{self.account}:root"})

    def boundary(self) -> str:
        """The ARN of a policy that allows nothing of KMS, made once."""
        if not self._boundary:
            name = self._account.tag.role_name("Boundary")
            iam = self._account.root.client("iam")
            made = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document(NOTHING_OF_KMS)))
            self._boundary = made["Policy"]["Arn"]
        return self._boundary

    def role(self, name: str, *statements: Statement, tags: Mapping[str, str] | None = None, boundary: str = "") -> str:
        """The ARN of a new role of the integration's account, with an inline policy of these statements, if any."""
        actions = ("sts:AssumeRole", "sts:TagSession")
        trusted = [role_arn(self.stage.tester)]
        arn = self._account.create_role(f"x-{name}", trusted=trusted, trust_actions=actions, tags=tags)
        self.roles += name not in self._names
        self._names.add(name)
        iam, aws_name = self._account.root.client("iam"), arn.rpartition("/")[2]
        if statements:
            iam.put_role_policy(
                RoleName=aws_name, PolicyName="Experiment", PolicyDocument=json.dumps(document(*statements))
            )
        if boundary:
            iam.put_role_permissions_boundary(RoleName=aws_name, PermissionsBoundary=boundary)
        return arn

    def session(
        self,
        role: str,
        *,
        tags: Mapping[str, str] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Principal:
        """A session of the role, with the name `experiment`."""
        return self.stage.tester.assume(role, "experiment", tags=tags, policy=policy)

    def caller(self, name: str, *statements: Statement, **members: Any) -> Principal:
        """A session of a new role; parameters as of `role`."""
        return self.session(self.role(name, *statements, **members))

    def remake_role(self, name: str) -> str:
        """Delete the role and make it again, without policies."""
        self._account.root.client("iam").delete_role(RoleName=self._account.tag.role_name(f"x-{name}"))
        return self.role(name)

    def key(self, *statements: Statement, tags: Mapping[str, str] | None = None, owner: Owner = "integration") -> str:
        """The ARN of a new key, whose administrator may manage it in addition to what the statements allow."""
        administrator = self.administrator(owner)
        managed = allow("kms:*", {"AWS": role_arn(administrator)})
        made = (
            administrator.in_region(self.stage.region)
            .client("kms")
            .create_key(
                Policy=json.dumps(document(managed, *statements)),
                Tags=[{"TagKey": key, "TagValue": value} for key, value in (tags or {}).items()],
            )
        )
        self.keys += 1
        return str(made["KeyMetadata"]["Arn"])

    def administrator(self, owner: Owner = "integration") -> Principal:
        """Who manages the keys of that account."""
        return self.stage.key_administrator if owner == "integration" else self.stage.other_key_administrator

    def grant(self, key: str, grantee: str, operations: Sequence[str]) -> str:
        """The id of a new grant, issued by the key's administrator."""
        kms = self._kms_for(key)
        return str(kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=list(operations))["GrantId"])

    def ciphertext(self, key: str) -> bytes:
        """Something encrypted under the key, by its administrator."""
        kms = self._kms_for(key)
        return bytes(kms.encrypt(KeyId=key, Plaintext=b"plaintext")["CiphertextBlob"])

    def aws_managed_key(self) -> str | None:
        """The ARN of an AWS managed key that the account has; None if it has none. Asking for one would make it."""
        kms = self.administrator().in_region(self.stage.region).client("kms")
        for page in kms.get_paginator("list_aliases").paginate():
            for alias in page["Aliases"]:
                if alias["AliasName"].startswith("alias/aws/") and alias.get("TargetKeyId"):
                    prefix = alias["AliasArn"].rpartition(":")[0]
                    return f"{prefix}:key/{alias['TargetKeyId']}"
        return None

    def _kms_for(self, key: str) -> Any:
        """The KMS client of the key's administrator."""
        owner: Owner = "integration" if key.split(":")[4] == self.account else "other"
        return self.administrator(owner).in_region(self.stage.region).client("kms")

    @property
    def _account(self) -> AwsAccount:
        assert isinstance(self.stage.integration, AwsAccount)
        return self.stage.integration


def role_of(principal: Principal) -> str:
    """The ARN of a session's role."""
    assert isinstance(principal, AwsPrincipal)
    return principal.role_arn
