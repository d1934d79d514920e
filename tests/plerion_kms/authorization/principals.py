"""The `Principal` and `NotPrincipal` elements: which principals a statement names, and how it names a caller.

Source: IAM user guide "AWS JSON policy elements: Principal", "... NotPrincipal"; RULES.md "Which implicit
denies a key-policy Allow overrides", "Action, Resource, Principal and their complements".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from plerion_kms.authorization import grammar, unknowns
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.request import Principal, PrincipalType
from plerion_kms.authorization.service_principals import is_service_form


class PrincipalMatch(IntEnum):
    """How a statement names the caller, from the weakest to the strongest: it decides which of the caller's own
    policies must allow as well (within one account)."""

    ACCOUNT = 1
    """By the account: identity policies, boundary and session policy must allow. This is delegation."""
    ROLE = 2
    """By the role of a session, or the user of a federated session: boundary and session policy must allow."""
    SELF = 3
    """By `*`, the user, the session, the service, the account root user's own account: nothing else needs to allow."""


_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_ARN = re.compile(
    r"arn:aws[a-z-]*:(?P<service>iam|sts)::(?P<account>\d{12}):"
    r"(?P<rest>root|(user|role|assumed-role|federated-user)/[\x21-\x29\x2b-\x3e\x40-\x7e]+)",
    re.ASCII,
)
_UNIQUE_ID = re.compile(r"A(ROA|IDA)[A-Z0-9]{8,124}", re.ASCII)
_PROVIDER = re.compile(
    r"arn:aws[a-z-]*:iam::\d{12}:(oidc|saml)-provider/\S+|[a-z0-9][a-z0-9.-]*\.[a-z]+(/\S*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Principals:
    """The principals that a statement names.

    anyone: `*` is among them; accounts, arns, unique_ids, services, providers: the rest, by form.
    complement: the element was `NotPrincipal`. star_covers_services: `*` in an Allow means AWS services as well.
    """

    anyone: bool
    accounts: frozenset[str]
    arns: frozenset[str]
    unique_ids: frozenset[str]
    services: frozenset[str]
    providers: frozenset[str]
    complement: bool = False
    star_covers_services: bool = False

    def match(self, caller: Principal, *, allow: bool, bounded: bool = False) -> PrincipalMatch | None:
        """How the statement names the caller; None if it does not. allow: whether the statement's effect is Allow;
        bounded: whether the caller has a permissions boundary."""
        if self.complement:
            # "Will always deny any IAM principal that has a permissions boundary", whomever NotPrincipal lists (IAM
            # user guide "AWS JSON policy elements: NotPrincipal").
            return None if self._exempts(caller) and not bounded else PrincipalMatch.SELF
        if self.anyone and self._star_covers(caller, allow=allow):
            return PrincipalMatch.SELF
        if caller.type is PrincipalType.SERVICE:
            return PrincipalMatch.SELF if caller.arn in self.services else None
        if caller.type in (PrincipalType.WEB_IDENTITY, PrincipalType.SAML):
            return PrincipalMatch.SELF if caller.arn in self.providers else None
        if not caller.account:
            return None
        return self._match_account_member(caller)

    def _star_covers(self, caller: Principal, *, allow: bool) -> bool:
        known = caller.type is not PrincipalType.SERVICE or not allow or self.star_covers_services
        return known or unknowns.STAR_PRINCIPAL_COVERS_SERVICES

    def _match_account_member(self, caller: Principal) -> PrincipalMatch | None:
        if caller.type is PrincipalType.ACCOUNT_ROOT:
            return PrincipalMatch.SELF if caller.account in self.accounts else None
        if caller.arn in self.arns:
            return PrincipalMatch.SELF
        identity = caller.user_id.partition(":")[0]
        if caller.issuer_arn in self.arns or identity in self.unique_ids:
            return PrincipalMatch.SELF if caller.type is PrincipalType.USER else PrincipalMatch.ROLE
        return PrincipalMatch.ACCOUNT if caller.account in self.accounts else None

    def _exempts(self, caller: Principal) -> bool:
        """Whether NotPrincipal lists the caller. AWS may look at the account, then the role, then the session: the
        caller is exempt only if each is listed (`unknowns.NOT_PRINCIPAL_NEEDS_EVERY_LEVEL`)."""
        if self.anyone:
            return True
        if caller.type is PrincipalType.SERVICE:
            return caller.arn in self.services
        if caller.type in (PrincipalType.WEB_IDENTITY, PrincipalType.SAML):
            return caller.arn in self.providers
        if not caller.account:
            return False
        levels = [caller.account in self.accounts]
        if caller.type is not PrincipalType.ACCOUNT_ROOT:
            levels += [arn in self.arns for arn in {caller.issuer_arn, caller.arn} if arn]
        return all(levels) if unknowns.NOT_PRINCIPAL_NEEDS_EVERY_LEVEL else any(levels)


def compile_principals(
    element: object, *, providers: bool, complement: bool = False, star_covers_services: bool = False
) -> Principals:
    """Compile the element: `"*"`, or an object of `AWS`, `Service`, `Federated` with a string or a list of strings.

    providers: `Federated` is supported (role trust policies); star_covers_services: as in `Principals`. Raises
    UnsupportedError for any other form.
    """
    kinds = grammar.principals(element)
    if not kinds:
        raise UnsupportedError(f"the principal {element!r}")
    found: dict[str, set[str]] = {
        form: set() for form in ("anyone", "accounts", "arns", "ids", "services", "providers")
    }
    for kind, names in kinds:
        if not names:
            raise UnsupportedError(f"the principal {element!r}")
        for value in names:
            form, name = _classify(kind, value, providers=providers)
            found[form].add(name)
    return Principals(
        anyone=bool(found["anyone"]),
        accounts=frozenset(found["accounts"]),
        arns=frozenset(found["arns"]),
        unique_ids=frozenset(found["ids"]),
        services=frozenset(found["services"]),
        providers=frozenset(found["providers"]),
        complement=complement,
        star_covers_services=star_covers_services,
    )


def _classify(kind: str, value: str, *, providers: bool) -> tuple[str, str]:
    """Which form a principal has, and what of it is compared."""
    if kind == "AWS":
        if value == "*":
            return "anyone", value
        if _ACCOUNT.fullmatch(value):
            return "accounts", value
        if _UNIQUE_ID.fullmatch(value):
            return "ids", value
        # A policy variable is not resolved here (IAM user guide "Variables and tags"), and no name can hold one.
        arn = None if "${" in value else _ARN.fullmatch(value)
        if arn and arn["rest"] == "root" and arn["service"] == "iam":
            return "accounts", arn["account"]
        if arn and arn["rest"] != "root":
            return "arns", value
    elif kind == "Service" and is_service_form(value):
        return "services", value
    elif kind == "Federated" and providers and _PROVIDER.fullmatch(value):
        return "providers", value
    raise UnsupportedError(f"the principal {{{kind!r}: {value!r}}}")
