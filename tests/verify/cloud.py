"""AWS as the harness's `Cloud`: boto3 clients and Terraform's environment, with the run's tag and with patience."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import boto3
import botocore.session
from botocore import credentials as botocore_credentials
from botocore.config import Config
from botocore.exceptions import HTTPClientError
from botocore.loaders import create_loader

from harness.aws import tally
from harness.aws.cloud import Credentials
from harness.aws.principals import Principal, assume_role_members
from verify.tags import RunTag

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 8},
    connect_timeout=10,
    read_timeout=30,
    max_pool_connections=16,
    user_agent_extra="plerion-kms-verify",
)
LOADER = create_loader()
"""Keeps what botocore reads of each service for all sessions."""

EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
THROTTLED = ("Throttling", "ThrottlingException", "TooManyRequestsException")
NOT_YET: Mapping[str, tuple[str, ...]] = {
    # A key policy, grant or trust policy names a role that was just made.
    "CreateKey": ("MalformedPolicyDocumentException",),
    "PutKeyPolicy": ("MalformedPolicyDocumentException", "NotFoundException"),
    "CreateRole": ("MalformedPolicyDocument",),
    "UpdateAssumeRolePolicy": ("MalformedPolicyDocument", "NoSuchEntity"),
    # A role, policy or key was just made.
    "PutRolePolicy": ("NoSuchEntity",),
    "PutRolePermissionsBoundary": ("NoSuchEntity",),
    "AttachRolePolicy": ("NoSuchEntity",),
    "AssumeRole": ("AccessDenied",),
    "Encrypt": ("NotFoundException",),
    "CreateAlias": ("NotFoundException",),
}
"""Operation -> the errors with which AWS answers until it knows of what was just made, so that the call is repeated."""

NOT_YET_ATTEMPTS = 25
CUTS = 6
"""How often one call is repeated whose connection was lost."""

LONGEST_PAUSE = 10.0
"""Seconds; with these many attempts some four minutes are waited."""


@dataclass(frozen=True)
class LiveCredentials(Credentials):
    """Credentials that botocore renews. source: botocore's object."""

    source: Any = field(default=None, repr=False)

    @classmethod
    def of(cls, source: Any) -> Self:
        """Credentials that come from that object."""
        return cls("", "", None, source)

    def now(self) -> Credentials:
        """As they are at this moment."""
        frozen = self.source.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


class RoleCredentials(botocore_credentials.DeferredRefreshableCredentials):
    """Those of a role, assumed when first used and again before they expire."""

    def __init__(self, assume: Callable[[], Mapping[str, Any]]) -> None:
        def metadata() -> dict[str, str]:
            given = assume()["Credentials"]
            expires = given.get("Expiration") or datetime.now(UTC) + timedelta(hours=1)
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": expires.isoformat(),
            }

        super().__init__(metadata, "assume-role")

    def renew(self) -> None:
        """Assume the role again at the next call."""
        self._frozen_credentials = None


@dataclass(frozen=True)
class AwsCloud:
    """AWS. tag: the run's. endpoint_url: None for AWS itself; the tests name a stand-in."""

    tag: RunTag
    endpoint_url: str | None = None

    def client(self, service: str, credentials: Credentials, region: str) -> Any:
        """A boto3 client that sets the run's tag, renews credentials, and repeats what AWS does not know of yet."""
        source = credentials.source if isinstance(credentials, LiveCredentials) else _fixed(credentials)
        session = botocore.session.Session()
        session.register_component("data_loader", LOADER)
        session._credentials = source  # type: ignore[attr-defined]  # how boto3's users give it such an object
        client = boto3.Session(botocore_session=session).client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=self.endpoint_url,
            config=CONFIG,
        )
        self.tag.register(client)
        client.meta.events.register_first("needs-retry", _Repeat(source))
        client.meta.events.register("after-call", tally.count_call)
        return client

    def terraform_environment(self, credentials: Credentials, region: str) -> dict[str, str]:
        """Variables for Terraform's AWS provider; the credentials as they are now."""
        current = credentials.now() if isinstance(credentials, LiveCredentials) else credentials
        endpoint = {"AWS_ENDPOINT_URL": self.endpoint_url} if self.endpoint_url else {}
        return {**current.environment(region), **self.tag.terraform_environment(), **endpoint}


def _fixed(credentials: Credentials) -> botocore_credentials.Credentials:
    return botocore_credentials.Credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )


class _Repeat:
    """A botocore handler for `needs-retry`: seconds after which the call is repeated, None to leave it to botocore."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __call__(
        self,
        response: Any,
        operation: Any,
        attempts: int,
        caught_exception: Exception | None,
        request_dict: dict[str, Any],
        **_: object,
    ) -> float | None:
        if attempts >= NOT_YET_ATTEMPTS:
            return None
        if response is None:
            # Botocore would count the attempts that were for other reasons.
            context = request_dict["context"]
            context["cuts"] = context.get("cuts", 0) + 1
            cut = isinstance(caught_exception, HTTPClientError) and context["cuts"] <= CUTS
            return min(2.0 ** context["cuts"], LONGEST_PAUSE) if cut else None
        code = response[1].get("Error", {}).get("Code", "")
        if code in EXPIRED and isinstance(self._source, RoleCredentials):
            self._source.renew()
            return 0.0
        if code in THROTTLED:
            return LONGEST_PAUSE
        text = response[1].get("Error", {}).get("Message", "").lower()
        if code in NOT_YET.get(operation.name, ()) and ("Malformed" not in code or "invalid principal" in text):
            return min(2.0 ** (attempts - 1), LONGEST_PAUSE)
        return None


@dataclass
class AwsPrincipal(Principal):
    """A caller. role_arn: the role of its session, empty for the given profile; tags, policy: of the session."""

    role_arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, Any] | None = None

    @classmethod
    def of_session(cls, cloud: AwsCloud, session: boto3.Session, region: str) -> Self:
        """The principal that a boto3 session belongs to. Raises botocore's ClientError and BotoCoreError."""
        credentials = LiveCredentials.of(session.get_credentials())
        identity = cloud.client("sts", credentials, region).get_caller_identity()
        return cls(cloud, credentials, identity["Account"], identity["Arn"], region)

    def assume(
        self,
        role_arn: str,
        session_name: str = "verify",
        *,
        tags: Mapping[str, str] | None = None,
        external_id: str | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> AwsPrincipal:
        """As of `Principal`; the session is started again when it has expired."""
        members = assume_role_members(role_arn, session_name, tags, external_id, policy)
        source = RoleCredentials(lambda: dict(self.client("sts").assume_role(**members)))
        source.get_frozen_credentials()
        account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        return AwsPrincipal(
            self.cloud,
            LiveCredentials.of(source),
            account,
            f"arn:{role_arn.split(':')[1]}:sts::{account}:assumed-role/{name}/{session_name}",
            self.region,
            role_arn=role_arn,
            tags=dict(tags or {}),
            policy=policy,
        )
