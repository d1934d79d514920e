"""A second reading of AWS's rules: slow, short, and written from the documentation, independently of the engine.

It takes small policies as plain data and says yes or no. It shares no code with `authorization`, and where the engine
compiles, caches and explains, this computes everything again from the documents. It reads correct documents only: what
AWS would not accept is no input for it. Sources: IAM user guide "Policy evaluation logic", "IAM JSON policy elements
reference", "Condition operators", "Multivalued context keys", "Policy variables"; KMS developer guide "Key policies",
"Grants".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from test_authorization.situation import GivenGrant, Policy, Situation, Statement, Who

WORKS_ACROSS_ACCOUNTS = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateMac",
    "kms:VerifyMac",
    "kms:Sign",
    "kms:Verify",
    "kms:DeriveSharedSecret",
    "kms:GetPublicKey",
    "kms:DescribeKey",
    "kms:CreateGrant",
    "kms:ListGrants",
    "kms:RevokeGrant",
    "kms:RetireGrant",
    "kms:GetKeyRotationStatus",
]
"""KMS API reference, "Cross-account use: Yes"."""


# The decision


def allowed(s: Situation) -> bool:
    """Whether AWS would let the call through."""
    caller_side = [*s.identity, *(p for p in (s.boundary, s.session) if p is not None)]
    levels = [*s.service_control, *s.resource_control, *([] if s.endpoint is None else [[s.endpoint]])]
    controls = [p for level in levels for p in level]
    owner_side = [] if s.key_policy is None else [s.key_policy]
    if any(says(p, "Deny", s) for p in [*caller_side, *controls, *owner_side]):
        return False
    for level in levels:
        if not any(says(p, "Allow", s) for p in level):
            return False
    if s.key_policy is None:
        return caller_may(s)
    cross_account = s.caller.account != s.key_account
    if cross_account and s.action not in WORKS_ACROSS_ACCOUNTS:
        return False
    return key_policy_gives(s, cross_account) or any(grant_gives(g, s) for g in s.grants)


def outcome(readings: Iterable[Situation]) -> str:
    """`allowed` or `refused` if that holds for all that a situation may mean, else `undecided`."""
    answers = {allowed(s) for s in readings}
    return "undecided" if len(answers) == 2 else "allowed" if True in answers else "refused"


def caller_may(s: Situation) -> bool:
    """Identity policies, boundary and session policy, each of which must allow. The root user has no identity
    policies and needs none."""
    identity = s.caller.kind == "account root" or any(says(p, "Allow", s) for p in s.identity)
    return identity and within_limits(s)


def within_limits(s: Situation) -> bool:
    return all(p is None or says(p, "Allow", s) for p in (s.boundary, s.session))


def key_policy_gives(s: Situation, cross_account: bool) -> bool:
    ways = {
        how_named(statement["Principal"], s.caller)
        for statement in statements_of(s.key_policy)
        if statement["Effect"] == "Allow" and covers(statement, s, s.key_policy) and "Principal" in statement
    }
    if cross_account:
        return bool(ways - {"not"}) and caller_may(s)
    if "directly" in ways:
        return True
    if "as role" in ways and within_limits(s):
        return True
    return "as account" in ways and caller_may(s)


def how_named(element: Any, caller: Who) -> str:
    """`directly`; `as role`: the role of a session, or the user of a federated session; `as account`; or `not`."""
    names = ["*"] if element == "*" else many(element.get("AWS", []))
    account_forms = (caller.account, f"arn:aws:iam::{caller.account}:root")
    if "*" in names or caller.arn in names:
        return "directly"
    if caller.issuer in names and caller.kind != "account root":
        return "directly" if caller.kind == "user" else "as role"
    if any(form in names for form in account_forms):
        return "directly" if caller.kind == "account root" else "as account"
    return "not"


def grant_gives(grant: GivenGrant, s: Situation) -> bool:
    if s.action.removeprefix("kms:") not in grant.operations:
        return False
    asked = {
        key.removeprefix("kms:EncryptionContext:"): value
        for key, value in s.context.items()
        if key.startswith("kms:EncryptionContext:")
    }
    if s.action != "kms:DescribeKey":
        if grant.equals is not None and sorted_pairs(asked) != sorted_pairs(grant.equals):
            return False
        if grant.subset is not None and any(same_name(asked, k) != same_name(grant.subset, k) for k in grant.subset):
            return False
    to_account = grant.grantee == f"arn:aws:iam::{s.caller.account}:root" and s.caller.kind != "account root"
    if not to_account and grant.grantee not in (s.caller.arn, s.caller.issuer):
        return False
    if to_account or grant.issued_by != s.caller.account:
        return caller_may(s)
    return within_limits(s)


def sorted_pairs(pairs: Mapping[str, str | list[str]]) -> list[tuple[str, str]]:
    """Pairs, their names compared case-insensitively."""
    return sorted((name.lower(), str(value)) for name, value in pairs.items())


def same_name(pairs: Mapping[str, str | list[str]], expected: str) -> list[str]:
    """The values of all names that are `expected` but for letter case."""
    return sorted(str(value) for name, value in pairs.items() if name.lower() == expected.lower())


# Policies and statements


def says(policy: Policy, effect: str, s: Situation) -> bool:
    """Whether a statement of the policy with that effect covers the request."""
    return any(
        statement["Effect"] == effect and covers(statement, s, policy) and covers_caller(statement, s)
        for statement in statements_of(policy)
    )


def covers_caller(statement: Statement, s: Situation) -> bool:
    caller = s.caller
    if "NotPrincipal" in statement:
        if s.boundary is not None:
            return True
        exempt = many(statement["NotPrincipal"]["AWS"])
        account = {caller.account, f"arn:aws:iam::{caller.account}:root"}
        others = {caller.arn, caller.issuer} - account
        return not (account & set(exempt) and all(arn in exempt for arn in others))
    return "Principal" not in statement or how_named(statement["Principal"], caller) != "not"


def covers(statement: Statement, s: Situation, policy: Policy | None) -> bool:
    assert policy is not None
    variables = policy.get("Version") == "2012-10-17"
    return (
        covers_action(statement, s.action)
        and covers_resource(statement, s, variables)
        and all(
            holds(operator, key, many(values), s, variables)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def covers_action(statement: Statement, action: str) -> bool:
    if "Action" in statement:
        return any(glob([(a.lower(), True)], action.lower()) for a in many(statement["Action"]))
    return not any(glob([(a.lower(), True)], action.lower()) for a in many(statement["NotAction"]))


def covers_resource(statement: Statement, s: Situation, variables: bool) -> bool:
    if "Resource" not in statement and "NotResource" not in statement:
        return False
    fits = []
    for text in many(statement.get("Resource", statement.get("NotResource"))):
        parts = fill_in(text, s, variables)
        if parts is None and "NotResource" in statement and statement["Effect"] == "Allow":
            return False
        fits.append(parts is not None and (text == "*" or arn_fits(parts, s.key_arn) or covers_no_key(parts, s)))
    return any(fits) is ("Resource" in statement)


def covers_no_key(parts: Parts, s: Situation) -> bool:
    """`arn:aws:kms:REGION:ACCOUNT:*` also means what works on no key at all."""
    whole = f"arn:aws:kms:{s.context.get('aws:RequestedRegion')}:{s.caller.account}:"
    return s.key_arn == "*" and parts[-1][0].endswith(":*") and arn_fits(parts, whole)


# Conditions


def holds(operator: str, key: str, expected: list[Any], s: Situation, variables: bool) -> bool:
    actual = value_of(key, s)
    if operator == "Null":
        return str(actual is None).lower() in [text_of(w).lower() for w in expected]
    quantifier, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    if actual is None and rest.endswith("IfExists"):
        return True

    def one(value: str) -> bool:
        """The operator for one value: a negated operator needs none of the values to fit, others one of them."""
        fits = any(fit(base.replace("Not", ""), text_of(w), value, s, variables) for w in expected)
        return fits is ("Not" not in base)

    if quantifier:
        values = [] if actual is None else [actual] if isinstance(actual, str) else actual
        values = [] if values == [""] else values
        return all(one(v) for v in values) if quantifier == "ForAllValues" else any(one(v) for v in values)
    if actual is None:
        return "Not" in base
    return isinstance(actual, str) and one(actual)


def fit(base: str, expected: str, actual: str, s: Situation, variables: bool) -> bool:
    """Whether one value of the request fits one value of the policy, by the operator without its `Not`."""
    if base.startswith(("String", "Arn")):
        parts = fill_in(expected, s, variables)
        if parts is None:
            return False
        plain = "".join(text for text, _ in parts)
        if base == "StringEquals":
            return actual == plain
        if base == "StringEqualsIgnoreCase":
            return actual.lower() == plain.lower()
        return glob(parts, actual) if base == "StringLike" else arn_fits(parts, actual)
    if base == "Bool":
        return expected.lower() == actual.lower()
    if base == "IpAddress":
        return ipaddress.ip_address(actual) in ipaddress.ip_network(expected, strict=False)
    family = base[:7] if base.startswith("Numeric") else base[:4]
    number = Decimal if family == "Numeric" else moment
    left, right = number(actual), number(expected)
    return {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[base.removeprefix(family)]


def moment(text: str) -> Decimal:
    if text.isdigit() and len(text) > 4:
        return Decimal(text)
    parsed = datetime.fromisoformat(text)
    return Decimal((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def value_of(key: str, s: Situation) -> str | list[str] | None:
    """The value of a condition key, or None: names of keys and tags are compared case-insensitively."""
    caller = s.caller
    follows: dict[str, str | None] = {
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalArn": caller.arn if caller.kind == "federated user" else caller.issuer,
        "aws:username": caller.arn.split("/")[-1] if caller.kind == "user" else None,
        "aws:ResourceAccount": s.key_account,
        "kms:CallerAccount": caller.account,
        **{f"aws:PrincipalTag/{name}": value for name, value in caller.tags.items()},
        **{f"aws:ResourceTag/{name}": value for name, value in s.key_tags.items()},
    }
    for name, value in {**s.context, **follows}.items():
        if name.lower() == key.lower():
            return None if value == [] else value
    return None


# Text


type Parts = list[tuple[str, bool]]
"""Pieces of a text, and whether `*` and `?` in them are wildcards."""


def fill_in(text: str, s: Situation, variables: bool) -> Parts | None:
    """The text with its variables replaced, whose values hold no wildcards; None where one has no value."""
    if not variables:
        return [(text, True)]
    parts: Parts = []
    for piece in re.split(r"(\$\{[^}]*\})", text):
        if not piece.startswith("${"):
            parts.append((piece, True))
            continue
        name, _, default = piece[2:-1].partition(", ")
        value = name if name in ("*", "?", "$") else value_of(name, s)
        if value is None and default:
            value = default.strip("'")
        if value is None:
            return None
        assert isinstance(value, str)
        parts.append((value, False))
    return parts


def glob(parts: Parts, text: str) -> bool:
    pattern = ""
    for piece, wild in parts:
        for character in piece:
            pattern += {"*": ".*", "?": "."}.get(character, re.escape(character)) if wild else re.escape(character)
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def arn_fits(parts: Parts, arn: str) -> bool:
    """Segment by segment: six parts between colons, the last of which may hold colons itself."""
    segments: list[Parts] = [[]]
    for piece, wild in parts:
        for number, between in enumerate(piece.split(":")):
            if number and len(segments) < 6:
                segments.append([])
            elif number:
                segments[-1].append((":", False))
            segments[-1].append((between, wild))
    actual = arn.split(":", 5)
    return len(segments) == len(actual) == 6 and all(glob(p, t) for p, t in zip(segments, actual, strict=True))


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    """A value of a condition as text: JSON's booleans and numbers are taken too."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def statements_of(policy: Policy | None) -> list[Statement]:
    return [] if policy is None else many(policy["Statement"])
