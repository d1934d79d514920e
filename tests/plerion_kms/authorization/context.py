"""The request context: the value of a condition key for one request, or None where the request does not have it.

Source: RULES.md "Context keys for KMS"; IAM user guide "AWS global condition context keys".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import NoneType

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.arn import parse_arn
from plerion_kms.authorization.context_keys import (
    ENCRYPTION_CONTEXT_PREFIX,
    MULTIVALUED,
    TAG_PREFIXES,
    UNREAD_ATTESTATION,
    service_of,
)
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.request import ContextValue, PrincipalType, Request

_PRINCIPAL_TYPES = {
    PrincipalType.ACCOUNT_ROOT: "Account",
    PrincipalType.USER: "User",
    PrincipalType.ROLE_SESSION: "AssumedRole",
    PrincipalType.FEDERATED_USER: "FederatedUser",
    PrincipalType.WEB_IDENTITY: "Anonymous",
    PrincipalType.SAML: "Anonymous",
    PrincipalType.SERVICE: "Service",
    PrincipalType.ANONYMOUS: "Anonymous",
}

_PREFIXES = (*TAG_PREFIXES, ENCRYPTION_CONTEXT_PREFIX)


@lru_cache(maxsize=4096)
def _split_key(key: str) -> tuple[str, str, str]:
    """A key in lower case; and, where part of it is a name that customers choose, the prefix and that name as
    written."""
    folded = key.lower()
    for prefix in _PREFIXES:
        if folded.startswith(prefix):
            return folded, prefix, key[len(prefix) :]
    return folded, "", ""


class Context:
    """All condition keys of one request.

    What follows from the principal and the resource is worked out when it is asked for; everything else is in the
    request's own `context`.
    """

    __slots__ = ("_by_name", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._by_name: dict[str, list[tuple[str, ContextValue]]] | None = None

    @property
    def _given(self) -> dict[str, list[tuple[str, ContextValue]]]:
        """The request's own keys by their names in lower case. Most decisions ask for none of them."""
        if self._by_name is None:
            self._by_name = {}
            for key, value in self._request.context.items():
                self._by_name.setdefault(key.lower(), []).append((key, value))
        return self._by_name

    def get(self, key: str) -> ContextValue | None:
        """The value of a key, whose name is compared case-insensitively: a string, or a tuple for a key that holds
        several values. An empty set of values is the same as no key.

        Raises UnsupportedError for a key whose value for this request is not known.
        """
        folded, prefix, name = _split_key(key)
        value: ContextValue | None = None
        if prefix == "aws:principaltag/":
            value = _tag(self._request.principal.tags, name)
        elif prefix == "aws:resourcetag/":
            value = _tag(self._resource_tags(), name)
        elif (derive := _DERIVED.get(folded)) is not None:
            value = derive(self._request)
        if value is None:
            value = self._from_request(folded, prefix, name)
        if value is None and folded in _CLOCK:
            value = self._clock(folded)
        if value is None and folded.startswith(UNREAD_ATTESTATION) and UNREAD_ATTESTATION in self._given:
            raise UnsupportedError(f"the attestation document that {key!r} comes from")
        if value is None and (service := service_of(key)) and self._request.action.lower().startswith(f"{service}:"):
            raise UnsupportedError(f"the condition key {key!r}")
        if not isinstance(value, (str, tuple, NoneType)):
            raise UnsupportedError(f"the value of {key!r} in the request, which is neither text nor a set of texts")
        if folded in MULTIVALUED and isinstance(value, str):
            return (value,)
        return None if value == () else value

    def has(self, key: str) -> bool:
        """Whether the request has the key."""
        try:
            return self.get(key) is not None
        except UnsupportedError:
            return False

    def _resource_tags(self) -> Mapping[str, str]:
        request = self._request
        cross_account = request.principal.account != request.resource.account
        if cross_account and not unknowns.RESOURCE_TAGS_ACROSS_ACCOUNTS:
            return {}
        return request.resource.tags or {}

    def _from_request(self, folded: str, prefix: str, name: str) -> ContextValue | None:
        found = self._given.get(folded)
        if not found:
            return _DEFAULTS.get(folded)
        if len(found) == 1 or not prefix:
            return found[0][1]
        return _choose({key[len(prefix) :]: value for key, value in found}, name)

    def _clock(self, folded: str) -> str:
        other = self._given.get(_CLOCK[folded])
        if not other or not isinstance(other[0][1], str):
            raise UnsupportedError(f"the request's time: it says neither {' nor '.join(sorted(_CLOCK))}")
        if folded == "aws:epochtime":
            return str(int(datetime.fromisoformat(other[0][1]).timestamp()))
        return datetime.fromtimestamp(int(other[0][1]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tag(tags: Mapping[str, str], name: str) -> str | None:
    if not tags:
        return None
    folded = name.lower()
    return _choose({key: value for key, value in tags.items() if key.lower() == folded}, name)


def _choose[Value](candidates: Mapping[str, Value], name: str) -> Value | None:
    """One of several values whose names differ in case only (README.md, "Unknown")."""
    if not candidates:
        return None
    return candidates[name] if name in candidates else candidates[min(candidates)]


def _principal_arn(request: Request) -> str | None:
    principal = request.principal
    if principal.type is PrincipalType.FEDERATED_USER:
        return principal.arn
    if principal.issuer_arn:
        return principal.issuer_arn
    return principal.arn if principal.account else None


def _username(request: Request) -> str | None:
    if request.principal.type is not PrincipalType.USER:
        return None
    return request.principal.arn.rpartition("/")[2]


def _is_service(request: Request) -> str:
    return "true" if request.principal.type is PrincipalType.SERVICE else "false"


def _service_name(request: Request) -> str | None:
    return request.principal.arn if request.principal.type is PrincipalType.SERVICE else None


def _caller_account(request: Request) -> str | None:
    if not request.action.lower().startswith("kms:"):
        return None
    return request.principal.account or None


def _region(request: Request) -> str | None:
    given = next((value for key, value in request.context.items() if key.lower() == "aws:requestedregion"), None)
    if isinstance(given, str):
        return given
    arn = parse_arn(request.resource.arn)
    return (arn.region or None) if arn else None


_DERIVED: dict[str, Callable[[Request], str | None]] = {
    "aws:principalaccount": lambda request: request.principal.account or None,
    "aws:principalarn": _principal_arn,
    "aws:principaltype": lambda request: _PRINCIPAL_TYPES[request.principal.type],
    "aws:principalisawsservice": _is_service,
    "aws:principalservicename": _service_name,
    "aws:userid": lambda request: request.principal.user_id or None,
    "aws:username": _username,
    "aws:resourceaccount": lambda request: request.resource.account or None,
    "aws:requestedregion": _region,
    "kms:calleraccount": _caller_account,
}
"""Keys that follow from the principal and the resource; a value of the request itself is read only if none follows, but
for its Region, where it comes first."""

_DEFAULTS: dict[str, ContextValue] = {"aws:viaawsservice": "false"}
"""Keys that AWS always sends, with the value for a call that no service forwards."""

_CLOCK = {"aws:currenttime": "aws:epochtime", "aws:epochtime": "aws:currenttime"}
"""Two keys for one fact: each can be worked out from the other."""
