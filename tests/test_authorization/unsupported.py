"""Policies with a part that the engine does not support, and all that the part may mean, as policies that it supports.

A part that narrows a statement holds or does not; a value of Action or Resource fits or does not; a principal is the
caller or another; an effect is Allow or Deny; a document says anything.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from test_authorization.situation import Policy, Statement, Who
from test_authorization.strategies import HOME, OTHER, open_policy

UNKNOWN_CONDITIONS: tuple[dict[str, Any], ...] = (
    {"StringEqual": {"aws:PrincipalAccount": [HOME, OTHER]}},
    {"StringNotLikeIgnoreCase": {"aws:PrincipalAccount": "x"}},
    {"NullIfExists": {"aws:PrincipalAccount": "false"}},
    {"ForAllValues:Null": {"aws:TagKeys": "true"}},
    {"ForSomeValues:StringEquals": {"aws:TagKeys": "x"}},
    {"": {"aws:PrincipalAccount": [HOME, OTHER]}},
    {"StringNotEquals": {"aws:PrincipalAcount": "x"}},
    {"StringNotEqualsIfExists": {"kms:Unheard": "x"}},
    {"Null": {"aws:PrincipalTag/": "true"}},
    {"StringNotEquals": {"": "x"}},
    {"StringNotEquals": {"aws:PrincipalArn": None}},
    {"StringNotEquals": {"aws:PrincipalArn": []}},
    {"StringNotEquals": {"aws:PrincipalArn": {"x": "y"}}},
    {"StringNotEquals": "x"},
    {"NumericNotEquals": {"aws:MultiFactorAuthAge": "x"}},
    {"DateNotEquals": {"aws:CurrentTime": "x"}},
    {"NotIpAddress": {"aws:SourceIp": "300.0.0.1"}},
    {"ArnNotEquals": {"aws:PrincipalArn": "x"}},
    {"Bool": {"aws:SecureTransport": "yes"}},
    {"BinaryEquals": {"aws:PrincipalTag/team": "not base64!"}},
)
UNKNOWN_ELEMENTS: tuple[dict[str, Any], ...] = (
    {"Effects": "Allow"},
    {"effect": "Allow"},
    {"NotEffect": "Deny"},
    {"Conditions": {}},
    {"Condition": []},
    {"Condition": "x"},
    {"Sid": 7},
    {"": ""},
)
UNKNOWN_PRINCIPALS: tuple[Any, ...] = (
    {"AWS": "arn:aws:iam::111111111111:role/*"},
    {"AWS": "arn:aws:iam::111111111111:group/admins"},
    {"AWS": "arn:aws:iam::*:root"},
    {"AWS": "11111111111"},
    {"AWS": "**"},
    {"AWS": ""},
    {"AWS": []},
    {"AWS": None},
    {"Aws": "*"},
    {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},
    {"Federated": "*"},
    {"Everyone": "*"},
    {"AWS": "*", "Everyone": "*"},
    {},
    [],
    ["*"],
    None,
    "arn:aws:iam::111111111111:root",
    "**",
)
UNKNOWN_ACTIONS = (
    "s3:GetObject,PutObject",
    "aws_portal:ViewBilling",
    "Decrypt",
    "kms:",
    "",
    "*:Decrypt",
    "kms:Dec rypt",
)
UNKNOWN_RESOURCES = ("key", "", "arn:aws:k*:*:*:key/*", "arn:aws:*:*:*:*", "arn:aws:kms:${aws:username}:*:key/*")
UNKNOWN_DOCUMENTS = ("", "{", "[]", '{"Statement": []}', '{"Version": "2012-10-17", "Version": "2012-10-17"}')


def nothing(kind: str) -> Statement:
    """An Allow that no request needs, so that a policy is never left without statements."""
    return {**open_policy(kind)["Statement"][0], "Action": "none:Nothing"}


@st.composite
def unsupported_statements(
    draw: st.DrawFn, statement: Statement, kind: str, caller: Who
) -> tuple[Statement, list[Statement]]:
    """The statement with an unsupported part, and the statements that it may mean."""
    never = nothing(kind)
    principal = next((name for name in ("Principal", "NotPrincipal") if name in statement), None)
    ways = ["condition", "element", "action", "resource", "value of Action"]
    way = draw(st.sampled_from([*ways, "principal"] if principal else ways))
    if way == "condition":
        ((operator, keys),) = draw(st.sampled_from(UNKNOWN_CONDITIONS)).items()
        block = {name: value for name, value in statement.get("Condition", {}).items() if name != operator}
        return {**statement, "Condition": {**block, operator: keys}}, [{**statement, "Condition": block}, never]
    if way == "element":
        element = draw(st.sampled_from([each for each in UNKNOWN_ELEMENTS if "Condition" not in each]))
        others = {"Principal": "*"} if principal is None else element
        # An unknown element may be the Resource that a key policy's statement lacks.
        whole = statement if "NotResource" in statement else {"Resource": "*", **statement}
        return {**statement, **draw(st.sampled_from([element, others]))}, [whole, never]
    if way == "principal":
        odd = {**statement, str(principal): draw(st.sampled_from(UNKNOWN_PRINCIPALS))}
        plain = {name: value for name, value in statement.items() if name != principal}
        # For all that is known it is the caller itself, whom nothing else limits.
        return odd, [{**plain, "Principal": {"AWS": caller.arn}}, never]
    if way == "resource":
        plain = {name: value for name, value in statement.items() if name not in ("Resource", "NotResource")}
        odd = {**plain, "Resource": draw(st.sampled_from([*UNKNOWN_RESOURCES, [], None, 7, {}]))}
        return odd, [{**plain, "Resource": "*"}, never]
    plain = {name: value for name, value in statement.items() if name not in ("Action", "NotAction")}
    if way == "action":
        odd = {**plain, "Action": draw(st.sampled_from([*UNKNOWN_ACTIONS, [], None, 7, {}]))}
        return odd, [{**plain, "Action": "*"}, never]
    name = "NotAction" if "NotAction" in statement else "Action"
    given = statement[name] if isinstance(statement[name], list) else [statement[name]]
    odd = {**plain, name: [*given, draw(st.sampled_from(UNKNOWN_ACTIONS))]}
    return odd, [statement, {**plain, "Action": "*"} if name == "Action" else never]


@st.composite
def unsupported_documents(draw: st.DrawFn, policy: Policy, kind: str, caller: Who) -> tuple[Any, list[Policy]]:
    """The policy with something unsupported, and the policies that it may mean."""
    allow = open_policy(kind)
    first, *others = policy["Statement"]
    way = draw(st.sampled_from(("part", "part", "part", "effect", "document")))
    if way == "document":
        deny = {**allow, "Statement": [{**allow["Statement"][0], "Effect": "Deny"}]}
        return draw(st.sampled_from(UNKNOWN_DOCUMENTS)), [allow, deny, {**allow, "Statement": [nothing(kind)]}]
    if way == "effect" and "NotPrincipal" not in first:
        odd: Statement = {**first, "Effect": draw(st.sampled_from(("allow", "Permit", "", None, True)))}
        meant: list[Statement] = [{**first, "Effect": "Allow"}, {**first, "Effect": "Deny"}]
    else:
        odd, meant = draw(unsupported_statements(first, kind, caller))
    return {**policy, "Statement": [odd, *others]}, [{**policy, "Statement": [each, *others]} for each in meant]
