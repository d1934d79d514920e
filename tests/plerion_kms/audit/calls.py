"""AWS calls of one account that record what cannot be read and never raise for it."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from plerion_kms.audit.snapshot import Problem

LOST_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Error codes after which no further call with these credentials can succeed. In a Region that is not enabled AWS
answers with some of them too, so they end one Region; an expired session ends them all."""

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})

GONE = frozenset({"NotFoundException", "NoSuchEntity", "NoSuchEntityException"})
"""The thing was deleted while the audit read it."""


def client_config(connections: int) -> Config:
    """Adaptive retries slow down when AWS throttles. connections: the number of threads that share a client."""
    return Config(
        retries={"mode": "adaptive", "total_max_attempts": 8},
        max_pool_connections=connections,
        connect_timeout=10,
        read_timeout=30,
        user_agent_extra="plerion-kms-audit",
    )


def region_of(session: boto3.Session) -> str:
    """Where services with one endpoint for a partition are called: any of its Regions leads there."""
    return session.region_name or "us-east-1"


def sts_client(session: boto3.Session, config: Config) -> Any:
    """The STS client of a session."""
    return session.client("sts", region_name=region_of(session), config=config)


def assume(session: boto3.Session, role: str, name: str, external_id: str, config: Config) -> boto3.Session:
    """A session of the role. name: of the session; external_id: empty for none. Raises ClientError, BotoCoreError."""
    members = {"RoleArn": role, "RoleSessionName": name, **({"ExternalId": external_id} if external_id else {})}
    given = sts_client(session, config).assume_role(**members)["Credentials"]
    return boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=session.region_name
    )


def error_text(error: BotoCoreError | ClientError) -> tuple[str, str]:
    """Code and text of a failed call: AWS's, or the exception's own if AWS did not answer."""
    code, text = type(error).__name__, str(error)
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        code, text = details.get("Code", "Unknown"), details.get("Message", "")
    return code, " ".join(text.split())


class Calls:
    """The calls of one account: clients are made once for each service and Region, and shared by threads."""

    def __init__(self, account: str, session: boto3.Session, config: Config, partition: str = "aws") -> None:
        self.account = account
        self.partition = partition
        self.count = 0
        self._session = session
        self._config = config
        self._clients: dict[tuple[str, str], Any] = {}
        self._problems: list[Problem] = []
        self._ended: set[str] = set()
        self._lock = threading.Lock()

    def one(self, service: str, region: str, method: str, subject: str = "", **members: Any) -> dict[str, Any] | None:
        """The answer of one call, None if it failed; the failure is then in `problems`."""
        answer: dict[str, Any] | None = self._try(
            service, region, method, subject, lambda client: getattr(client, method)(**members)
        )
        return answer

    def pages(
        self, service: str, region: str, method: str, subject: str = "", **members: Any
    ) -> list[dict[str, Any]] | None:
        """The answers of all pages, None if one failed: half a list is not a list."""

        def every_page(client: Any) -> list[dict[str, Any]]:
            if not client.can_paginate(method):
                return [getattr(client, method)(**members)]
            return list(client.get_paginator(method).paginate(**members))

        pages: list[dict[str, Any]] | None = self._try(service, region, method, subject, every_page)
        return pages

    def all(
        self, service: str, region: str, method: str, result: str, subject: str = "", **members: Any
    ) -> list[Any] | None:
        """The items called `result` of all pages, None if a page failed."""
        pages = self.pages(service, region, method, subject, **members)
        return None if pages is None else [item for page in pages for item in page.get(result) or ()]

    def problems(self, region: str) -> tuple[Problem, ...]:
        """What failed in a Region; `` for the services without one."""
        return tuple(sorted((p for p in self._problems if p.region == region), key=lambda p: (p.subject, p.operation)))

    def ended(self, region: str) -> bool:
        """Whether no further call can succeed there, so that none is made."""
        return region in self._ended or "*" in self._ended

    def note(self, problem: Problem) -> None:
        """Add a problem that is not a failed call."""
        with self._lock:
            self._problems.append(problem)

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._clients:
                place = region or region_of(self._session)  # IAM and Organizations are called without a Region
                client = self._session.client(service, region_name=place, config=self._config)  # type: ignore[call-overload]
                self._clients[service, region] = client
            return self._clients[service, region]

    def _try(self, service: str, region: str, method: str, subject: str, call: Any) -> Any:
        if self.ended(region):
            return None
        operation = f"{service}:{method}"
        try:
            client = self._client(service, region)
            operation = f"{service}:{client.meta.method_to_api_mapping[method]}"
            with self._lock:
                self.count += 1
            return call(client)
        except (BotoCoreError, ClientError) as error:
            self._failed(region, subject, operation, *error_text(error))
            return None

    def _failed(self, region: str, subject: str, operation: str, code: str, message: str) -> None:
        problem = Problem(self.account, region, subject, operation, code, message)
        with self._lock:
            if self.ended(region):
                return  # calls that were under way when the credentials were lost have nothing new to say
            self._problems.append(problem)
            if code in LOST_CREDENTIALS:
                self._ended.add("*" if code in EXPIRED else region)
