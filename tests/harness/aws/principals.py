"""Accounts, roles and sessions: who makes the calls."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from harness.aws.cloud import Cloud, Credentials

REGION = "us-east-1"


@dataclass
class Principal:
    """A caller: boto3 clients with one set of credentials.

    arn: as sts:GetCallerIdentity prints it.
    """

    cloud: Cloud
    credentials: Credentials
    account: str
    arn: str
    region: str = REGION
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _elsewhere: dict[str, Principal] = field(default_factory=dict, repr=False)

    def client(self, service: str) -> Any:
        """A boto3 client of `service`, made once."""
        if service not in self._clients:
            self._clients[service] = self.cloud.client(service, self.credentials, self.region)
        return self._clients[service]

    def in_region(self, region: str) -> Principal:
        """The same credentials in that Region."""
        if region == self.region:
            return self
        if region not in self._elsewhere:
            self._elsewhere[region] = Principal(self.cloud, self.credentials, self.account, self.arn, region)
        return self._elsewhere[region]

    def assume(
        self,
        role_arn: str,
        session_name: str = "test",
        *,
        tags: Mapping[str, str] | None = None,
        external_id: str | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Principal:
        """A session of the role, with session tags and a session policy if asked. Raises botocore's ClientError."""
        members = assume_role_members(role_arn, session_name, tags, external_id, policy)
        answer = self.client("sts").assume_role(**members)
        issued = answer["Credentials"]
        credentials = Credentials(issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])
        arn = answer["AssumedRoleUser"]["Arn"]
        return Principal(self.cloud, credentials, arn.split(":")[4], arn, self.region)

    def terraform_environment(self) -> dict[str, str]:
        """What Terraform needs to act as this principal."""
        return self.cloud.terraform_environment(self.credentials, self.region)


@dataclass(frozen=True)
class Account:
    """An account of the emulator.

    root: its root user, who only sets up the rest: root would pass checks that a person would not, and cannot assume
    roles. operator: a user who may assume the roles that trust it.
    """

    id: str
    root: Principal
    operator: Principal

    @classmethod
    def make(cls, cloud: Cloud, account_id: str | None = None) -> Self:
        """The account with that id, or with a new one, so that tests sharing an emulator do not meet."""
        account_id = account_id or f"{random.randrange(10**11, 10**12)}"  # noqa: S311 - an id, not a secret
        root = Principal(cloud, Credentials(account_id, "root"), account_id, f"arn:aws:iam::{account_id}:root")
        return cls(account_id, root, _create_operator(root))

    def create_role(
        self,
        name: str,
        *,
        trusted: Sequence[str],
        trust_actions: Sequence[str] = ("sts:AssumeRole",),
        trust_condition: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        allow: Sequence[str] = (),
    ) -> str:
        """Create a role that the ARNs in `trusted` may assume, under `trust_condition` if given; returns its ARN.

        allow: the actions that its inline policy allows on every resource; no policy if there are none.
        """
        iam = self.root.client("iam")
        condition = {"Condition": trust_condition} if trust_condition else {}
        trust = allowing(trust_actions, Principal={"AWS": list(trusted)}, **condition)
        arn: str = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=trust,
            Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()],
        )["Role"]["Arn"]
        if allow:
            iam.put_role_policy(RoleName=name, PolicyName="Allow", PolicyDocument=allowing(allow, Resource="*"))
        return arn

    def session_of_new_role(self, name: str, allow: Sequence[str] = (), also_trusted: Sequence[str] = ()) -> Principal:
        """A session, started by the operator, of a new role; parameters as in `create_role`."""
        arn = self.create_role(name, trusted=[self.operator.arn, *also_trusted], allow=allow)
        return self.operator.assume(arn, name.lower())


def assume_role_members(
    role_arn: str,
    session_name: str,
    tags: Mapping[str, str] | None,
    external_id: str | None,
    policy: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The members of an AssumeRole request; those that are not asked for are left out."""
    members: dict[str, Any] = {"RoleArn": role_arn, "RoleSessionName": session_name}
    if tags:
        members["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if external_id is not None:
        members["ExternalId"] = external_id
    if policy is not None:
        members["Policy"] = json.dumps(policy)
    return members


def role_arn(session: Principal) -> str:
    """The ARN of a session's role; the roles that this harness creates have no path."""
    return f"arn:aws:iam::{session.account}:role/{session.arn.split('/')[1]}"


def _create_operator(root: Principal) -> Principal:
    iam = root.client("iam")
    name = f"Operator-{random.randrange(10**8)}"  # noqa: S311 - stages of one emulator share Plerion's account
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    document = allowing(["sts:AssumeRole", "sts:TagSession"], Resource="*")
    iam.put_user_policy(UserName=name, PolicyName="AssumeRoles", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Principal(root.cloud, Credentials(key["AccessKeyId"], key["SecretAccessKey"]), root.account, arn)


def allowing(actions: Sequence[str], **rest: Any) -> str:
    """A policy that allows the actions; `rest` are the statement's other elements."""
    statement = {"Effect": "Allow", "Action": list(actions), **rest}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
