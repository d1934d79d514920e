"""Where calls go: the emulator, through localstack-client. The probes need no more than this protocol, so a real
account can stand in its place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from botocore.config import Config
from localstack_client.session import Session

from harness.aws import tally

# One attempt: a retried refusal costs time and hides nothing. No proxy, whatever the environment names: nothing leaves
# this machine. A short User-Agent: botocore composes its own for each call, in a tenth of the call's time.
CLIENT_CONFIG = Config(
    retries={"total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=30,
    parameter_validation=True,
    proxies={},
    user_agent="plerion-kms",
)


NO_LOOKUPS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""Keeps the AWS provider from looking for credentials in files and instance metadata."""


@dataclass(frozen=True)
class Credentials:
    """AWS credentials; without a token they are long-term ones."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def environment(self, region: str) -> dict[str, str]:
        """Variables for a program that uses AWS, which then looks for no others in files or instance metadata."""
        token = {"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {}
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_REGION": region,
            **token,
            **NO_LOOKUPS,
        }


NO_ACCOUNT = Credentials("none", "none").environment("us-east-1")
"""Environment variables for Terraform where nothing is looked up, so that no account has to stand behind it."""


class Cloud(Protocol):
    """Makes boto3 clients, and the environment that points Terraform at the same place."""

    def client(self, service: str, credentials: Credentials, region: str) -> Any:
        """A boto3 client of `service`."""

    def terraform_environment(self, credentials: Credentials, region: str) -> dict[str, str]:
        """Environment variables for Terraform's AWS provider."""


@dataclass(frozen=True)
class EmulatedCloud:
    """The emulator at `endpoint_url` (`http://127.0.0.1:PORT`)."""

    endpoint_url: str

    def client(self, service: str, credentials: Credentials, region: str) -> Any:
        """A boto3 client of `service` at the emulator."""
        session = Session(
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            region_name=region,
            localstack_host=self.endpoint_url.removeprefix("http://"),
        )
        # The session keeps a token but does not pass it on by itself.
        client = session.client(service, aws_session_token=credentials.session_token, config=CLIENT_CONFIG)
        client.meta.events.register("after-call", tally.count_call)
        return client

    def terraform_environment(self, credentials: Credentials, region: str) -> dict[str, str]:
        """Variables that lead the AWS provider to the emulator, with no look at files or instance metadata."""
        return {
            **credentials.environment(region),
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **_without_proxy_to(urlsplit(self.endpoint_url).hostname or ""),
        }


def _without_proxy_to(host: str) -> dict[str, str]:
    """NO_PROXY with that host added to what the caller exempts: Terraform may need the proxy to install providers."""
    exempt = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    value = ",".join(filter(None, (exempt, host)))
    return {"NO_PROXY": value, "no_proxy": value}
