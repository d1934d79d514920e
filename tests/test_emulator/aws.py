"""Accounts, keys and sessions for the emulator's tests, made with plain boto3."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from emulator import Emulator
from harness.aws import tally
from harness.aws.cloud import CLIENT_CONFIG
from test_emulator import faults

REGION = "us-east-1"
SESSION: Any = boto3.Session()


@dataclass(frozen=True)
class Caller:
    """Credentials at an emulator."""

    endpoint: str
    key: str
    secret: str = "any"  # noqa: S105 (not read by the emulator)
    token: str | None = None
    region: str = REGION

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return _client(self, service)

    @property
    def kms(self) -> Any:
        return self.client("kms")

    @property
    def sts(self) -> Any:
        return self.client("sts")

    @property
    def iam(self) -> Any:
        return self.client("iam")

    def assume(self, role: str, name: str = "session", **members: Any) -> Caller:
        """A session of the role."""
        return self.with_credentials(self.sts.assume_role(RoleArn=role, RoleSessionName=name, **members))

    def with_credentials(self, answer: Mapping[str, Any]) -> Caller:
        """The caller with the credentials of an STS answer."""
        given = answer["Credentials"]
        return Caller(self.endpoint, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], self.region)


@lru_cache
def _client(caller: Caller, service: str) -> Any:
    client = SESSION.client(
        service,
        endpoint_url=caller.endpoint,
        region_name=caller.region,
        aws_access_key_id=caller.key,
        aws_secret_access_key=caller.secret,
        aws_session_token=caller.token,
        config=CLIENT_CONFIG,
    )
    client.meta.events.register("after-call", tally.count_call)
    return client


@dataclass(frozen=True)
class Account:
    """An account of its own for a test: its root user, and an operator who may assume any role that trusts it."""

    id: str
    root: Caller
    operator: Caller

    @classmethod
    def make(cls, endpoint: str) -> Account:
        number = f"{random.randrange(10**11, 10**12)}"  # noqa: S311 (an id, not a secret)
        root = Caller(endpoint, number)
        operator = make_user(root, "Operator", allow("sts:*"))
        return cls(number, root, operator)

    @property
    def root_arn(self) -> str:
        return f"arn:aws:iam::{self.id}:root"

    def role(
        self, name: str, *policies: Mapping[str, Any], trust: Mapping[str, Any] | None = None, **members: Any
    ) -> str:
        """A role with these identity policies, trusting the account by default; returns its ARN."""
        iam = self.root.iam
        document = trust or trusting(self.root_arn)
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document), **members)["Role"][
            "Arn"
        ]
        for number, policy in enumerate(policies):
            iam.put_role_policy(RoleName=name, PolicyName=f"policy{number}", PolicyDocument=json.dumps(policy))
        return arn

    def session(self, name: str, *policies: Mapping[str, Any], **members: Any) -> Caller:
        """A session of a new role with these identity policies."""
        return self.operator.assume(self.role(name, *policies), **members)

    def key(
        self, policy: Mapping[str, Any] | None = None, tags: Mapping[str, str] | None = None, **members: Any
    ) -> str:
        """A key; returns its ARN. The default key policy delegates to the account."""
        if policy is not None:
            members |= {"Policy": json.dumps(policy), "BypassPolicyLockoutSafetyCheck": True}
        listed = [{"TagKey": key, "TagValue": value} for key, value in (tags or {}).items()]
        arn: str = self.root.kms.create_key(Tags=listed, **members)["KeyMetadata"]["Arn"]
        return arn


@dataclass(frozen=True)
class Faulty:
    """An emulator in which a test can break something, and look."""

    emulator: Emulator

    def make(self, name: str, **arguments: Any) -> Any:
        """Call the function `name` of the module `faults` within the emulator."""
        assert self.emulator._folder is not None
        port = int((Path(self.emulator._folder.name) / "faults").read_text())
        with Client(("127.0.0.1", port), authkey=faults.KEY) as connection:
            connection.send((name, arguments))
            problem, answer = connection.recv()
        assert not problem, problem
        return answer

    def log_after(self, before: str) -> str:
        """What the log says beyond `before`."""
        return self.emulator.log()[len(before) :]


def make_user(root: Caller, name: str, *policies: Mapping[str, Any]) -> Caller:
    """A user with an access key and these identity policies."""
    iam = root.iam
    iam.create_user(UserName=name)
    for number, policy in enumerate(policies):
        iam.put_user_policy(UserName=name, PolicyName=f"policy{number}", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Caller(root.endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def statement(effect: str, action: str | Sequence[str], **rest: Any) -> dict[str, Any]:
    """One statement."""
    return {"Effect": effect, "Action": action if isinstance(action, str) else list(action), **rest}


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """A document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, resource: str | Sequence[str] = "*", **rest: Any) -> dict[str, Any]:
    """An identity policy that allows the actions."""
    return policy(statement("Allow", actions, Resource=resource, **rest))


def trusting(principal: str, *actions: str, **rest: Any) -> dict[str, Any]:
    """A trust policy for an AWS principal."""
    return policy(
        statement("Allow", actions or ("sts:AssumeRole", "sts:TagSession"), Principal={"AWS": principal}, **rest)
    )


def key_policy(principal: str | Sequence[str], *actions: str, **rest: Any) -> dict[str, Any]:
    """A key policy that allows the actions, or all of KMS, to an AWS principal."""
    named = principal if isinstance(principal, str) else list(principal)
    return policy(statement("Allow", actions or ("kms:*",), Principal={"AWS": named}, Resource="*", **rest))


def error_of(call: Any, **members: Any) -> tuple[str, str]:
    """The code and message of the error that the call ends with. An answer fails the test."""
    try:
        answer = call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError(f"the call was expected to be refused, but it answered {answer}")


def code_of(call: Any, **members: Any) -> str:
    """The code of the error that the call ends with, `allowed` if it is answered."""
    try:
        call(**members)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return "allowed"
