"""Who calls: from the credentials of a request to the engine's `Caller`.

An access key id of 12 digits is the root user of that account, whatever its secret: a convenience for tests.
Everything else must have been issued here: by STS (the session token must be the one issued with it) or as an IAM
user's access key. Signatures themselves are not verified.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from localstack.aws.accounts import get_account_id_from_access_key_id

from emulator.iam import identities
from emulator.sts import sessions
from emulator.sts.sessions import Session, SessionKind
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.request import ContextValue, Principal, PrincipalType
from plerion_kms.authorization.session_tags import session_principal_tags

ROOT_ACCESS_KEY = re.compile(r"[0-9]{12}")
SIGNATURE = re.compile(r"AWS4-HMAC-SHA256 +([^\s,=]+=[^\s,=]*(?: *, *[^\s,=]+=[^\s,=]*)*)")
SIGNATURE_PARTS = {"Credential", "SignedHeaders", "Signature"}
SCOPE = re.compile(r"([A-Za-z0-9_]{1,128})/([0-9]{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
ROOT_POLICY = parse_policy(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    PolicyKind.IDENTITY,
    "account root user",
)


class Problem(StrEnum):
    """What is wrong with the credentials; AWS words each in its own way for each protocol."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


class CredentialsError(Exception):
    """The credentials are refused: `problem` for the client, the message for the log."""

    def __init__(self, problem: Problem, reason: str) -> None:
        super().__init__(reason)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the request's Authorization header and security token say. region, service: the scope of the signature."""

    access_key_id: str
    token: str
    date: str
    region: str
    service: str

    def as_header(self) -> str:
        """An Authorization header with these values and nothing else."""
        scope = f"{self.access_key_id}/{self.date}/{self.region}/{self.service}/aws4_request"
        return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


@dataclass(frozen=True, slots=True)
class ResolvedCaller:
    """The caller, and the session that it calls with (None for root and long-term keys)."""

    caller: Caller
    session: Session | None = None


def credentials(headers: Mapping[str, str]) -> Credentials:
    """Read the credentials of a Signature Version 4 request, whose Authorization header names each of its three parts
    once. Query-string signatures are not accepted."""
    authorization = headers.get("Authorization") or ""
    if not authorization:
        raise CredentialsError(Problem.MISSING, "the request is not signed")
    match = SIGNATURE.fullmatch(authorization)
    pairs = [part.strip().partition("=") for part in match[1].split(",")] if match else []
    parts = {name: value for name, _, value in pairs}
    scope = SCOPE.fullmatch(parts.get("Credential", ""))
    if scope is None or parts.keys() != SIGNATURE_PARTS or len(pairs) != len(parts):
        raise CredentialsError(Problem.MALFORMED, "the Authorization header is not a Signature Version 4 one")
    access_key_id, date, region, service = scope.groups()
    return Credentials(access_key_id, headers.get("X-Amz-Security-Token") or "", date, region, service)


def resolve(given: Credentials, context: Mapping[str, ContextValue]) -> ResolvedCaller:
    """The caller behind `given`, with `context` (of the connection) added to the session's own.

    Raises CredentialsError if AWS would not accept the credentials, StoreError if a policy of the caller's cannot be
    found.
    """
    if ROOT_ACCESS_KEY.fullmatch(given.access_key_id):
        return ResolvedCaller(root(given.access_key_id, context))
    session = sessions.find(given.access_key_id)
    if session is not None:
        return ResolvedCaller(_session_caller(session, given, context), session)
    return ResolvedCaller(_access_key_user(given, context))


def root(account: str, context: Mapping[str, ContextValue]) -> Caller:
    """The root user of an account."""
    arn = f"arn:aws:iam::{account}:root"
    principal = Principal(PrincipalType.ACCOUNT_ROOT, arn, account, issuer_arn=arn, user_id=account)
    return Caller(principal, identity=(ROOT_POLICY,), context=context)


def _access_key_user(given: Credentials, context: Mapping[str, ContextValue]) -> Caller:
    account = get_account_id_from_access_key_id(given.access_key_id)
    iam = identities.store(account)
    name = iam.ACCESS_KEY_INDEX.get(given.access_key_id)
    if name is None:
        raise CredentialsError(Problem.UNKNOWN, f"access key {given.access_key_id} was not issued here")
    entity = iam.USERS.get(name)
    key = entity.access_keys.get(given.access_key_id) if entity else None
    if key is None or key.access_key["Status"] != "Active":
        raise CredentialsError(Problem.UNKNOWN, f"access key {given.access_key_id} is not active")
    if given.token:
        raise CredentialsError(Problem.UNKNOWN, f"access key {given.access_key_id} came with a session token")
    return _user_caller(account, name, context)


def _user_caller(account: str, name: str, context: Mapping[str, ContextValue]) -> Caller:
    user = identities.user(account, name)
    if user is None:
        raise CredentialsError(Problem.UNKNOWN, f"user {name} of {account} does not exist")
    principal = Principal(
        PrincipalType.USER, user.arn, account, issuer_arn=user.arn, user_id=user.unique_id, tags=user.tags
    )
    return Caller(principal, identity=user.policies, boundary=user.boundary, context=context)


def _session_caller(session: Session, given: Credentials, context: Mapping[str, ContextValue]) -> Caller:
    if given.token != session.token:
        raise CredentialsError(Problem.UNKNOWN, f"the session token does not belong to {session.access_key_id}")
    if datetime.now(UTC) >= session.expires:
        raise CredentialsError(Problem.EXPIRED, f"the session {session.arn} expired at {session.expires:%H:%M:%S}")
    own: dict[str, ContextValue] = {
        **context,
        "aws:TokenIssueTime": session.issued.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:MultiFactorAuthPresent": "false",
        **session.context,
    }
    if session.kind is SessionKind.ROLE:
        return _role_caller(session, own)
    issuer = _issuer_caller(session, own)
    if session.kind is SessionKind.SESSION_TOKEN:
        return issuer
    principal = Principal(
        PrincipalType.FEDERATED_USER,
        session.arn,
        session.account,
        issuer_arn=issuer.principal.issuer_arn,
        user_id=session.user_id,
        tags=session_principal_tags(issuer.principal.tags, session.tags, {}),
    )
    # Without a session policy a federated user has no permissions but those that name it.
    return replace(issuer, principal=principal, session=session_policies(session) or ())


def _issuer_caller(session: Session, context: Mapping[str, ContextValue]) -> Caller:
    if session.issuer_arn.endswith(":root"):
        return root(session.account, context)
    name = identities.user_name(session.account, session.issuer_id, session.issuer_arn.rpartition("/")[2])
    if name is None:
        raise CredentialsError(Problem.UNKNOWN, f"the user of session {session.arn} no longer exists")
    return _user_caller(session.account, name, context)


def _role_caller(session: Session, context: Mapping[str, ContextValue]) -> Caller:
    role = identities.role(session.account, session.issuer_arn.rpartition("/")[2])
    if role is None or role.unique_id != session.issuer_id:
        raise CredentialsError(Problem.UNKNOWN, f"the role of session {session.arn} no longer exists")
    principal = Principal(
        PrincipalType.ROLE_SESSION,
        session.arn,
        session.account,
        issuer_arn=role.arn,
        user_id=session.user_id,
        tags=session_principal_tags(role.tags, session.tags, {}),
    )
    return Caller(
        principal, identity=role.policies, boundary=role.boundary, session=session_policies(session), context=context
    )


def session_policies(session: Session) -> tuple[Policy, ...] | None:
    """The session's policies compiled, None if it has none."""
    if session.policies is None and not session.policy_arns:
        return None
    return (
        *(parse_policy(text, PolicyKind.SESSION, "session policy") for text in session.policies or ()),
        *(identities.managed_policy(session.account, arn, PolicyKind.SESSION) for arn in session.policy_arns),
    )
