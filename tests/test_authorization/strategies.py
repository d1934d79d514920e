"""Hypothesis strategies: situations with correct policies, drawn from a small vocabulary so that a fair part of all
statements matches and both answers are common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from test_authorization.situation import GivenGrant, Policy, Situation, Statement, Who

HOME, OTHER = "111111111111", "222222222222"
KEY_ID = "11111111-aaaa-4aaa-8aaa-111111111111"
REGION = "eu-west-1"

CALLERS = (
    Who("account root", HOME, f"arn:aws:iam::{HOME}:root", f"arn:aws:iam::{HOME}:root"),
    Who("user", HOME, f"arn:aws:iam::{HOME}:user/alice", f"arn:aws:iam::{HOME}:user/alice"),
    Who("role session", HOME, f"arn:aws:sts::{HOME}:assumed-role/Scan/x", f"arn:aws:iam::{HOME}:role/ops/Scan"),
    Who("role session", OTHER, f"arn:aws:sts::{OTHER}:assumed-role/Guest/y", f"arn:aws:iam::{OTHER}:role/Guest"),
    Who("federated user", HOME, f"arn:aws:sts::{HOME}:federated-user/bob", f"arn:aws:iam::{HOME}:user/alice"),
    Who("account root", OTHER, f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{OTHER}:root"),
)
ROOTS = tuple(who for who in CALLERS if who.kind == "account root")
MEMBERS = tuple(who for who in CALLERS if who not in ROOTS)
PRINCIPALS = (
    "*",
    HOME,
    OTHER,
    *dict.fromkeys(arn for who in CALLERS for arn in (who.arn, who.issuer)),
)

ON_KEYS = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:PutKeyPolicy",
    "kms:TagResource",
    "kms:ListGrants",
)
IN_GRANTS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "DescribeKey",
)
ON_NO_KEY = ("kms:ListKeys", "kms:CreateKey", "kms:GenerateRandom")
ACTION_PATTERNS = (
    "*",
    "kms:*",
    "kms:De*",
    "kms:?ecrypt",
    "KMS:decrypt",
    "kms:GenerateDataKey*",
    "kms:*Key*",
    "kms:ReEncrypt*",
    "kms:*t",
    "kms:List*",
    "ec2:*",
    "kms:Dec?ypt*",
)
RESOURCES = (
    "*",
    "arn:aws:kms:*:*:key/*",
    f"arn:aws:kms:{REGION}:{HOME}:key/{KEY_ID}",
    f"arn:aws:kms:*:{HOME}:key/*",
    f"arn:aws:kms:*:{OTHER}:key/*",
    f"arn:aws:kms:{REGION}:{HOME}:*",
    f"arn:aws:kms:eu-west-?:*:key/????????-{KEY_ID[9:]}",
    "arn:aws:kms:*:alias/*:key/*",
    "arn:aws:kms:*:*:*",
    "arn:aws:kms:*:*:alias/*",
    f"arn:aws:kms:*:*:key/${{aws:PrincipalTag/team, '{KEY_ID}'}}",
    "arn:aws:kms:*:*:key/${aws:username}",
    "arn:aws:kms:*:*:${aws:PrincipalTag/team, 'key'}/*",
)

TEXTS = (
    "",
    "*",
    "Granted",
    "granted",
    "GRANTED",
    "Denied",
    "a*b",
    "a?b",
    "axb",
    "axyb",
    "é",
    "no-one",
    "alice",
    HOME,
    "$",
)
STRING_PATTERNS = (
    *TEXTS,
    "G*",
    "?ranted",
    "*a*",
    "a${*}b",
    "a${?}b",
    "${$}",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/TEAM, 'Granted'}",
    "${aws:username}",
    "${aws:username, 'no-one'}",
    "${aws:PrincipalAccount}",
    "${aws:ResourceAccount}",
    "?${aws:PrincipalTag/team}*",
)
ARNS = (CALLERS[1].arn, CALLERS[2].issuer, CALLERS[3].issuer, CALLERS[0].arn, CALLERS[4].arn)
ARN_PATTERNS = (
    *ARNS,
    "arn:aws:iam::*:role/*",
    f"arn:aws:iam::{HOME}:*",
    "arn:aws:iam:*:*:user/?lice",
    "arn:*:iam::*:role/Gu*",
    "arn:*:*:*:*:*",
    "arn:aws:iam::${aws:ResourceAccount}:role/*",
    "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}",
)

STRINGS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
COMPARISONS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = {
    "text": tuple(f"String{name}" for name in STRINGS),
    "arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringEquals", "StringLike", "StringNotLike"),
    "number": tuple(f"Numeric{name}" for name in COMPARISONS),
    "date": tuple(f"Date{name}" for name in COMPARISONS),
    "address": ("IpAddress", "NotIpAddress"),
    "truth": ("Bool",),
}
EXPECTED: dict[str, tuple[Any, ...]] = {
    "text": STRING_PATTERNS,
    "arn": ARN_PATTERNS,
    "number": ("7", "7.0", "30", 30, 7, "-1", "007", "29.99"),
    "date": ("2026-01-01", "2026-11-24T10:00:00Z", "2026-11-24T12:00:00+02:00", "1795514400", "2030-06-01T00:00:00Z"),
    "address": ("10.0.0.0/8", "10.1.2.3", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0"),
    "truth": ("true", "false", True, False),
}
ACTUAL: dict[str, tuple[str, ...]] = {
    "text": TEXTS,
    "number": ("7", "30", "0", "7.50"),
    "date": ("2026-11-24T10:00:00Z", "2026-01-01T00:00:00Z", "2031-01-01T00:00:00Z"),
    "address": ("10.1.2.3", "192.0.2.255", "203.0.113.9", "2001:db8::1"),
    "truth": ("true", "false"),
}


@dataclass(frozen=True)
class ConditionKey:
    """A condition key: what it holds; whether it holds several values; whether it follows from caller and key; whether
    KMS takes it in a key policy."""

    name: str
    holds: str = "text"
    many: bool = False
    follows: bool = False
    in_key_policy: bool = True


CONDITION_KEYS = (
    ConditionKey("aws:PrincipalTag/team", follows=True),
    ConditionKey("aws:PrincipalTag/PlerionApplianceRole", follows=True),
    ConditionKey("aws:ResourceTag/PlerionAccess", follows=True, in_key_policy=False),
    ConditionKey("aws:PrincipalAccount", follows=True),
    ConditionKey("aws:ResourceAccount", follows=True),
    ConditionKey("aws:PrincipalArn", "arn", follows=True),
    ConditionKey("aws:username", follows=True),
    ConditionKey("kms:CallerAccount", follows=True),
    ConditionKey("kms:ViaService"),
    ConditionKey("kms:EncryptionContext:app"),
    ConditionKey("kms:EncryptionContextKeys", many=True),
    ConditionKey("aws:TagKeys", many=True),
    ConditionKey("aws:MultiFactorAuthAge", "number"),
    ConditionKey("aws:CurrentTime", "date"),
    ConditionKey("aws:TokenIssueTime", "date"),
    ConditionKey("aws:SourceIp", "address"),
    ConditionKey("aws:MultiFactorAuthPresent", "truth"),
)
IN_KEY_POLICIES = tuple(key for key in CONDITION_KEYS if key.in_key_policy)
IN_CONTEXT = tuple(key for key in CONDITION_KEYS if not key.follows)


@cache
def one_or_more(values: tuple[Any, ...], most: int = 3) -> st.SearchStrategy[Any]:
    """A value, or a list of some, as policies have it."""
    return st.one_of(
        st.sampled_from(values), st.lists(st.sampled_from(values), min_size=1, max_size=most, unique_by=repr)
    )


@cache
def in_any_case(text: str) -> st.SearchStrategy[str]:
    """The text with its letters in some case."""
    return st.sampled_from((text, text, text.lower(), text.upper(), text.swapcase()))


@st.composite
def conditions(draw: st.DrawFn, *, in_key_policy: bool) -> tuple[str, str, Any]:
    """An operator, a key, and its values."""
    key = draw(st.sampled_from(IN_KEY_POLICIES if in_key_policy else CONDITION_KEYS))
    name = draw(in_any_case(key.name))
    if draw(st.integers(0, 9)) == 0:
        return "Null", name, draw(one_or_more(("true", "false", True)))
    operator = draw(st.sampled_from(OPERATORS[key.holds]))
    qualifiers = ("ForAllValues:", "ForAnyValue:", "") if key.many else ("", "", "", "ForAllValues:", "ForAnyValue:")
    suffix = draw(st.sampled_from(("", "", "IfExists")))
    return draw(st.sampled_from(qualifiers)) + operator + suffix, name, draw(one_or_more(EXPECTED[key.holds]))


CONDITIONS = {place: conditions(in_key_policy=place) for place in (True, False)}
VERSIONS = st.sampled_from(("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"))
FEW = st.sampled_from((1, 1, 2, 3))


OPEN_TO_ALL = ("resource control", "VPC endpoint")
"""Kinds of policy whose statements name everyone here."""


@st.composite
def statements(draw: st.DrawFn, action: str, kind: str, caller: Who) -> Statement:
    """A statement for a policy of some kind, which is likely to cover the action and the caller."""
    effect = draw(st.sampled_from(("Allow",) * 9 + ("Deny",)))
    if effect == "Allow" and draw(st.booleans()):
        plain: Statement = {"Effect": effect, "Action": action, "Resource": "*"}
        if kind == "key":
            plain["Principal"] = {"AWS": draw(st.sampled_from((caller.arn, caller.issuer, caller.account, "*")))}
        elif kind in OPEN_TO_ALL:
            plain["Principal"] = "*"
        return plain
    statement: Statement = {"Effect": effect}
    actions = (action, "kms:*", *ACTION_PATTERNS, *ON_KEYS)
    statement["NotAction" if draw(st.integers(0, 9)) == 0 else "Action"] = draw(one_or_more(actions))
    if kind == "key":
        if effect == "Deny" and draw(st.booleans()):
            statement["NotPrincipal"] = {"AWS": draw(one_or_more(PRINCIPALS[1:], 6))}
        else:
            element = draw(one_or_more(PRINCIPALS))
            statement["Principal"] = "*" if element == "*" and draw(st.booleans()) else {"AWS": element}
        if draw(st.integers(0, 9)):
            statement["Resource"] = "*"
    else:
        if kind in OPEN_TO_ALL:
            statement["Principal"] = "*"
        statement["NotResource" if draw(st.integers(0, 9)) == 0 else "Resource"] = draw(one_or_more(RESOURCES))
    for _ in range(draw(st.integers(0, 2))):
        operator, key, values = draw(CONDITIONS[kind == "key"])
        statement.setdefault("Condition", {}).setdefault(operator, {})[key] = values
    return statement


@st.composite
def documents(draw: st.DrawFn, action: str, kind: str, caller: Who) -> Policy:
    """A policy document of some kind."""
    version = draw(VERSIONS)
    listed = [draw(statements(action, kind, caller)) for _ in range(draw(FEW))]
    return {"Version": version, "Statement": listed}


def open_policy(kind: str) -> Policy:
    """A policy that allows everything."""
    principal = {"Principal": "*"} if kind in ("key", *OPEN_TO_ALL) else {}
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", **principal}]}


@st.composite
def tags(draw: st.DrawFn, *names: str) -> dict[str, str]:
    """Some of the tags, each with some value and its name in some case."""
    chosen = draw(st.lists(st.sampled_from(names), unique=True))
    return {draw(in_any_case(name)): draw(st.sampled_from(TEXTS)) for name in chosen}


SOME_IN_CONTEXT = st.lists(st.sampled_from(IN_CONTEXT), unique=True, max_size=6)


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, str | list[str]]:
    """Values for some of the condition keys."""
    context: dict[str, str | list[str]] = {"aws:RequestedRegion": REGION, "aws:CurrentTime": "2026-11-24T10:00:00Z"}
    for key in draw(SOME_IN_CONTEXT):
        one = st.sampled_from(ACTUAL[key.holds])
        context[key.name] = draw(st.lists(one, max_size=3, unique=True)) if key.many else draw(one)
    return context


@st.composite
def grants(draw: st.DrawFn, action: str) -> GivenGrant:
    """A grant, which is likely to hold the action's operation."""
    operation = action.removeprefix("kms:")
    operations = ("Decrypt", "DescribeKey", *([operation] if operation in IN_GRANTS else []))
    pairs = st.none() | st.just({"app": draw(st.sampled_from(TEXTS))})
    return GivenGrant(
        grantee=draw(st.sampled_from([name for name in PRINCIPALS if name.startswith("arn:")])),
        operations=draw(st.lists(st.sampled_from(operations), min_size=1, unique=True)),
        issued_by=draw(st.sampled_from((HOME, OTHER))),
        equals=draw(pairs),
        subset=draw(pairs),
    )


SELDOM = st.sampled_from((False, False, False, True))


@st.composite
def callers(draw: st.DrawFn, *, root: bool) -> Who:
    """A caller, with tags unless it is a root user."""
    who = draw(st.sampled_from(CALLERS if root else MEMBERS))
    return replace(who, tags={} if who in ROOTS else draw(tags("team", "PlerionApplianceRole")))


@st.composite
def situations(draw: st.DrawFn, *, cross_account: bool = False) -> Situation:
    """A situation with correct policies of every kind that the naive evaluator reads. cross_account: the key, if
    there is one, belongs to the other account."""
    caller = draw(callers(root=True))
    on_key = draw(st.integers(0, 9)) > 0
    action = draw(st.sampled_from(ON_KEYS if on_key else ON_NO_KEY))
    owner = draw(st.sampled_from((HOME, HOME, OTHER)))
    if cross_account:
        owner = HOME if caller.account == OTHER else OTHER

    def one(kind: str) -> Policy:
        return draw(documents(action, kind, caller))

    def perhaps(kind: str) -> Policy | None:
        return one(kind) if draw(st.booleans()) else None

    def levels(kind: str) -> list[list[Policy]]:
        return [[open_policy(kind) if draw(st.booleans()) else one(kind)]] if draw(SELDOM) else []

    return Situation(
        caller=caller,
        action=action,
        key_arn=f"arn:aws:kms:{REGION}:{owner}:key/{KEY_ID}" if on_key else "*",
        key_account=owner if on_key else caller.account,
        key_tags=draw(tags("PlerionAccess")) if on_key else {},
        context=draw(contexts()),
        identity=[one("identity") for _ in range(draw(st.sampled_from((0, 1, 1, 1, 2))))],
        key_policy=one("key") if on_key else None,
        boundary=perhaps("boundary"),
        session=None if caller.kind in ("account root", "user") else perhaps("session"),
        grants=[draw(grants(action))] if on_key and draw(SELDOM) else [],
        service_control=levels("service control"),
        resource_control=levels("resource control"),
        endpoint=one("VPC endpoint") if draw(SELDOM) else None,
    )


@st.composite
def situations_of_one_condition(draw: st.DrawFn) -> Situation:
    """A situation in which one condition of an identity policy decides: everything else allows."""
    caller = draw(callers(root=False))
    owner = draw(st.sampled_from((HOME, OTHER)))
    operator, key, values = draw(CONDITIONS[False])
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: values}}}
    delegation = {"Effect": "Allow", "Principal": {"AWS": caller.account}, "Action": "kms:*", "Resource": "*"}
    return Situation(
        caller=caller,
        action="kms:Decrypt",
        key_arn=f"arn:aws:kms:{REGION}:{owner}:key/{KEY_ID}",
        key_account=owner,
        key_tags=draw(tags("PlerionAccess")),
        context=draw(contexts()),
        identity=[{"Version": draw(VERSIONS), "Statement": [statement]}],
        key_policy={"Version": "2012-10-17", "Statement": [delegation]},
    )
