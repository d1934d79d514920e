"""Documents: what is unsupported in them, and how they are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.authorization.documents import Cache, parse_policy
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import Request, Resource
from test_authorization.parts import (
    DELEGATION,
    HOME,
    KEY,
    OPEN,
    ROLE,
    SESSION,
    allow,
    key_policy,
    policy,
)


def reason(kind: PolicyKind, content: Any) -> str:
    """What is unsupported in a policy of which a request has to know everything."""
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    parsed = parse_policy(json.dumps(content), kind, "p")
    if kind is PolicyKind.IDENTITY:
        decision = authorize(request, Policies(identity=(parsed,), resource=key_policy(DELEGATION)))
    elif kind is PolicyKind.TRUST:
        assuming = Request(SESSION, "sts:AssumeRole", Resource(ROLE, HOME))
        decision = authorize(assuming, Policies(identity=(OPEN,), resource=parsed))
    else:
        decision = authorize(request, Policies(identity=(OPEN,), resource=parsed))
    return decision.reason.removeprefix("unsupported: ")


ANYONE = {"Principal": "*"}


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (PolicyKind.IDENTITY, [], "p: the document, which is not a JSON object"),
        (PolicyKind.IDENTITY, {"Statements": []}, "p: the element 'Statements' of the document"),
        (PolicyKind.IDENTITY, {"Version": "2008"}, "p: the version '2008' of the document"),
        (
            PolicyKind.IDENTITY,
            {"Statements": [], "Version": "2008"},
            "p: the element 'Statements' of the document; the version '2008' of the document",
        ),
        (
            PolicyKind.IDENTITY,
            {"Version": "2030", "Statement": allow(Resource="arn:aws:kms:*:*:key/${aws:userid}")},
            (
                "p, statement 1: the version '2030' of the document; "
                "the policy variable in 'arn:aws:kms:*:*:key/${aws:userid}'"
            ),
        ),
        (
            PolicyKind.IDENTITY,
            {"Version": "2008", "Statement": allow(Sid=7)},
            "p, statement 1: the version '2008' of the document; the Sid, which is not a string",
        ),
        (
            PolicyKind.IDENTITY,
            {"Statement": []},
            "p: the document, which has no Statement that is an object or a list of objects",
        ),
        (PolicyKind.IDENTITY, {"Statement": allow(Sid=7)}, "p, statement 1: the Sid, which is not a string"),
        (PolicyKind.IDENTITY, {"Statement": allow(Effect="allow")}, "p, statement 1: the Effect 'allow'"),
        (PolicyKind.IDENTITY, {"Statement": allow(**ANYONE)}, "p, statement 1: the element 'Principal'"),
        (
            PolicyKind.IDENTITY,
            {"Statement": allow(NotAction="x:y")},
            "p, statement 1: the statement, which needs one of Action and NotAction",
        ),
        (
            PolicyKind.IDENTITY,
            {"Statement": allow(Resource=[])},
            "p, statement 1: the Resource, which is not a string or a list of strings",
        ),
        (
            PolicyKind.IDENTITY,
            {"Statement": allow(Condition=[])},
            "p, statement 1: the Condition, which is not an object",
        ),
        (
            PolicyKind.IDENTITY,
            {"Statement": allow(Condition={"A": "x", "B": {"aws:userid": "y"}, "Bool": {"no:key": "y"}})},
            (
                "p, statement 1: the condition 'A', which is not an object; the condition operator 'B'; "
                "the condition key 'no:key'"
            ),
        ),
        (
            PolicyKind.IDENTITY,
            {"Version": "2012-10-17", "Statement": allow(Resource="x${*}y")},
            "p, statement 1: the resource 'x*y', which is neither `*` nor an ARN",
        ),
        (
            PolicyKind.IDENTITY,
            {"Version": "2012-10-17", "Statement": allow(Resource="arn:aws:kms:*:${aws:userid}:key/${aws:userid}")},
            (
                "p, statement 1: the resource 'arn:aws:kms:*:${aws:userid}:key/${aws:userid}', with a variable "
                "before its fifth colon"
            ),
        ),
        (
            PolicyKind.KEY,
            {"Statement": allow()},
            "p, statement 1: the statement, which needs one of Principal and NotPrincipal",
        ),
        (
            PolicyKind.KEY,
            {"Statement": allow(NotPrincipal={"AWS": "222222222222"})},
            "p, statement 1: the element 'NotPrincipal'",
        ),
        (
            PolicyKind.KEY,
            {"Statement": allow(Condition={"Null": {"aws:ResourceTag/x": "true"}}, **ANYONE)},
            "p, statement 1: the condition key 'aws:ResourceTag/x', which is not permitted in a key policy",
        ),
        (
            PolicyKind.TRUST,
            {
                "Statement": {
                    "Effect": "Allow",
                    "Action": "sts:*",
                    "More": 1,
                    "Resource": "*",
                    "NotResource": 1,
                    **ANYONE,
                }
            },
            "p, statement 1: the element 'More'; the element 'Resource'; the element 'NotResource'",
        ),
        (
            PolicyKind.TRUST,
            {"Statement": {"Effect": "Allow", "Action": "sts:*", "NotResource": "*", **ANYONE}},
            "p, statement 1: the element 'NotResource'",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_unsupported_in_a_document_is_named(kind: PolicyKind, content: Any, expected: str) -> None:
    assert reason(kind, content) == expected


def test_a_document_may_have_an_id_and_a_million_characters() -> None:
    text = json.dumps({"Id": "x", "Version": "2012-10-17", "Statement": DELEGATION})
    assert parse_policy(text, PolicyKind.KEY, "p").document.problem is None
    assert parse_policy(text.ljust(1 << 20), PolicyKind.KEY, "p").document.problem is None
    longer = parse_policy(text.ljust((1 << 20) + 1), PolicyKind.KEY, "p").document
    assert longer.problem == "the document, which has more than 1048576 characters"
    with_id = Policies(identity=(OPEN,), resource=parse_policy(text, PolicyKind.KEY, "p"))
    assert authorize(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME)), with_id).allowed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "the document, which is not text"),
        ("[" * 50_000 + "]" * 50_000, "the document, which is nested too deeply"),
        pytest.param('{"\\ud800": 1}', "the document, which holds text that is not valid Unicode", id="no Unicode"),
        ('{"a": 1, "b": 2, "a": 3, "b": 4}', "the document, which has the name 'a' twice in one object"),
        ('{"a": NaN}', "the document, which is not JSON (NaN)"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_text_that_is_no_policy(text: Any, problem: str) -> None:
    assert parse_policy(text, PolicyKind.KEY, "p").document.problem == problem


def test_a_document_is_compiled_once() -> None:
    text = json.dumps({"Statement": DELEGATION})
    assert parse_policy(text, PolicyKind.KEY, "a").document is parse_policy(text, PolicyKind.KEY, "b").document
    assert parse_policy(text, PolicyKind.KEY, "a").document != parse_policy(text, PolicyKind.IDENTITY, "a").document


def test_ten_thousand_documents_are_kept() -> None:
    texts = [json.dumps({"Id": str(number), "Statement": DELEGATION}) for number in range(10_000)]
    compiled = [parse_policy(text, PolicyKind.KEY, "p").document for text in texts]
    assert all(
        parse_policy(text, PolicyKind.KEY, "p").document is document
        for text, document in zip(texts, compiled, strict=True)
    )


def test_documents_are_kept_as_long_as_their_texts_have_room() -> None:
    text = {name: json.dumps({"Id": name, "Statement": DELEGATION}) for name in "abcd"}
    cache = Cache(3 * len(text["a"]))
    kept = {name: cache.get(text[name], PolicyKind.KEY) for name in "abc"}
    assert all(cache.get(text[name], PolicyKind.KEY) is document for name, document in kept.items())
    assert cache.get(text["a"], PolicyKind.IDENTITY) is not kept["a"]  # takes the room of a's other kind
    assert all(cache.get(text[name], PolicyKind.KEY) is kept[name] for name in "bc")
    assert cache.get(text["a"], PolicyKind.KEY) is not kept["a"]  # takes the room of b
    assert cache.get(text["c"], PolicyKind.KEY) is kept["c"]
    assert cache.get(text["b"], PolicyKind.KEY) is not kept["b"]
    cache.cache_clear()
    assert cache.get(text["c"], PolicyKind.KEY) is not kept["c"]
    exactly = Cache(len(text["a"]))
    exactly.get(text["a"], PolicyKind.KEY)
    exactly.cache_clear()
    assert exactly.get(text["a"], PolicyKind.KEY) is exactly.get(text["a"], PolicyKind.KEY)
    larger = text["d"].ljust(4 * len(text["d"]))
    assert cache.get(larger, PolicyKind.KEY) is not cache.get(larger, PolicyKind.KEY)
    assert cache.get(text["a"], PolicyKind.KEY) is cache.get(text["a"], PolicyKind.KEY)


def test_a_document_remembers_no_more_actions_than_a_service_has() -> None:
    document = parse_policy(json.dumps({"Statement": allow(Action="s3:*")}), PolicyKind.IDENTITY, "p").document
    for number in range(1000):
        assert len(document.about(f"s3:made-up-{number}")) == 1
        assert document.about("kms:decrypt") == ()
    assert len(document._by_action) <= 256
    assert document.about("s3:getobject") is document.about("s3:getobject")


def test_variables_between_wildcards() -> None:
    def fits(pattern: str, actual: str) -> bool:
        identity = policy(PolicyKind.IDENTITY, allow(Condition={"StringLike": {"kms:ViaService": pattern}}))
        caller = replace(SESSION, tags={"team": "b*"})
        request = Request(caller, "kms:ListKeys", Resource("*", HOME), {"kms:ViaService": actual})
        return authorize(request, Policies(identity=(identity,))).allowed

    assert fits("a*${aws:PrincipalTag/team}c?", "aXXb*cY")
    assert not fits("a*${aws:PrincipalTag/team}c?", "aXXbXcY")
    assert fits("${aws:PrincipalTag/team}*", "b*XX")
    assert fits("${aws:PrincipalTag/team}", "b*")
    assert not fits("${aws:PrincipalTag/team}", "bX")
    assert fits("${*}${?}${$}*", "*?$x")


def test_every_action_of_every_service() -> None:
    for action in ("*", "*:*"):
        given = Policies(identity=(policy(PolicyKind.IDENTITY, allow(Action=action)),))
        assert authorize(Request(SESSION, "ec2:RunInstances", Resource("*", HOME)), given).allowed
