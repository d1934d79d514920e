"""The sessions that STS issues, complete: LocalStack drops session policies and does not tie a session to its role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


class SessionKind(StrEnum):
    """Which STS operation family made the credentials."""

    ROLE = "role"
    FEDERATED_USER = "federated user"
    SESSION_TOKEN = "session token"  # noqa: S105 (a kind of session, not a secret)


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials and the session that they belong to.

    issuer_arn, issuer_id: the role or user behind them, with its unique id: a recreated one does not get the old
        sessions back.
    tags: session tags only; the role's own are read at each call.
    transitive: the keys of the tags that role chaining passes on.
    policies: inline session policies as JSON texts, None if the session was made without any session policy.
    policy_arns: managed session policies.
    context: context keys that the session carries (`aws:SourceIdentity`, `aws:FederatedProvider` ...).
    """

    access_key_id: str
    token: str
    kind: SessionKind
    arn: str
    account: str
    user_id: str
    issuer_arn: str
    issuer_id: str
    expires: datetime
    issued: datetime = field(default_factory=lambda: datetime.now(UTC))
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: frozenset[str] = frozenset()
    policies: tuple[str, ...] | None = None
    policy_arns: tuple[str, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def transitive_tags(self) -> dict[str, str]:
        """The tags that a role assumed with this session inherits."""
        transitive = {key.lower() for key in self.transitive}
        return {key: value for key, value in self.tags.items() if key.lower() in transitive}


_sessions: dict[str, Session] = {}


def remember(session: Session) -> None:
    """Keep `session` under its access key."""
    _sessions[session.access_key_id] = session


def find(access_key_id: str) -> Session | None:
    """The session of this access key, expired or not."""
    return _sessions.get(access_key_id)
