"""What a decision says about itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.authorization.decision import AwsError, Decision, Outcome, Source, StatementTrace, first_refusal
from plerion_kms.authorization.documents import parse_policy
from plerion_kms.authorization.engine import authorize
from plerion_kms.authorization.explain import explain
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import Principal, PrincipalType, Request, Resource
from test_authorization.parts import (
    CLOSED,
    DELEGATION,
    GUEST,
    HOME,
    KEY,
    OPEN,
    OTHER,
    ROLE,
    ROOT,
    SERVICE,
    SESSION,
    allow,
    deny,
    key_policy,
    policy,
)

# Reasons and explanations


def test_why_a_key_of_another_account_may_be_used() -> None:
    request = Request(GUEST, "kms:Decrypt", Resource(KEY, HOME))
    decision = authorize(request, Policies((OPEN,), resource=key_policy(allow(Principal="*"))))
    assert decision.reason == (
        "'statement 1' of resource-based policy 'key' allows the other account's caller; 'statement 1' of "
        "identity-based policy 'identity'"
    )


def test_a_role_that_its_boundary_limits() -> None:
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    given = Policies(resource=key_policy(allow(Principal={"AWS": ROLE})), boundary=CLOSED[PolicyKind.BOUNDARY])
    decision = authorize(request, given)
    assert decision.source is Source.BOUNDARY
    assert decision.error is not None
    assert decision.error.message.endswith("because no permissions boundary allows the kms:Decrypt action")


def test_a_policy_in_a_place_that_is_not_its_own_is_named() -> None:
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    decision = authorize(request, Policies(identity=(key_policy(DELEGATION),), resource=key_policy(DELEGATION)))
    assert decision.reason == "unsupported: key: a policy of kind 'key' used as identity-based policy"


@pytest.mark.parametrize(
    ("action", "caller", "code", "status", "start"),
    [
        ("kms:Nothing", SESSION, "AccessDeniedException", 400, f"User: {SESSION.arn} is not"),
        ("IAM:GetRole:x", SESSION, "AccessDenied", 403, f"User: {SESSION.arn} is not"),
        ("sts:a:b", Principal(PrincipalType.ANONYMOUS, ""), "AccessDenied", 403, "User: anonymous is not"),
        ("tag:a:b", None, "AccessDeniedException", 400, "User: anonymous is not"),
    ],
)
def test_the_error_if_something_is_unsupported(action: str, caller: Any, code: str, status: int, start: str) -> None:
    decision = authorize(Request(caller, action, Resource(KEY, HOME)), Policies())
    assert decision.source is Source.UNSUPPORTED
    assert decision.error is not None
    assert (decision.error.code, decision.error.status) == (code, status)
    assert decision.error.message.startswith(f"{start} authorized to perform: {action} on resource: {KEY} because this")


def test_an_unsupported_statement_leaves_its_trace() -> None:
    strange = deny(Condition={"Strange": {"aws:username": "x"}})
    given = Policies(identity=(policy(PolicyKind.IDENTITY, allow(), strange),), resource=key_policy(DELEGATION))
    decision = authorize(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME)), given)
    assert decision.source is Source.UNSUPPORTED
    assert [(trace.policy, trace.statement) for trace in decision.trace] == [
        ("identity", "statement 1"),
        ("key", "statement 1"),
    ]


def test_what_makes_a_decision_undecided_is_named_place_by_place() -> None:
    identity = policy(
        PolicyKind.IDENTITY,
        allow(Sid="Odd", Condition={"Strange": {"aws:username": "x"}, "Stranger": {"aws:username": "x"}}),
        allow(Effect="deny", Sid="Odder"),
        deny(Sid="Oddest", Condition={"Strangest": {"aws:username": "x"}}),
        allow(Sid="Fails", Condition={"Strange": {"aws:username": "x"}, "Null": {"aws:PrincipalArn": "true"}}),
    )
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    given = Policies(identity=(identity,), resource=key_policy(DELEGATION))
    decision = authorize(request, given)
    assert decision.outcome is Outcome.UNDECIDED
    assert decision.unsupported == (
        "identity, Odd: the condition operator 'Strange'; the condition operator 'Stranger'",
        "identity, Odder: the Effect 'deny'",
        "identity, Oddest: the condition operator 'Strangest'",
    )
    assert decision.reason == f"unsupported: {'; '.join(decision.unsupported)}"
    assert [trace.statement for trace in decision.trace] == ["Fails", "statement 1"]
    allowed = replace(given, identity=(identity, OPEN))
    assert authorize(request, allowed).unsupported == decision.unsupported[1:]
    for decided in (
        replace(given, resource=key_policy(allow(Principal={"AWS": OTHER}))),
        replace(given, boundary=CLOSED[PolicyKind.BOUNDARY]),
    ):
        assert authorize(request, decided).outcome is Outcome.REFUSED
        assert authorize(request, decided).unsupported == ()
    needless = policy(PolicyKind.IDENTITY, allow(Condition={"Strange": {"aws:username": "x"}}), allow())
    delegation = key_policy(allow(Principal={"AWS": HOME}, Condition={"Stranger": {"aws:username": "x"}}))
    by_key = authorize(request, Policies(identity=(needless,), resource=delegation))
    assert by_key.unsupported == ("key, statement 1: the condition operator 'Stranger'",)
    whole = Policies(identity=(parse_policy("{", PolicyKind.IDENTITY, "broken"),), resource=key_policy(DELEGATION))
    assert authorize(request, whole).unsupported[0].startswith("broken: the document, which is not JSON")


def test_a_statement_for_another_principal_leaves_no_trace() -> None:
    request = Request(SESSION, "kms:Decrypt", Resource(KEY, HOME))
    given = Policies(identity=(OPEN,), resource=key_policy(allow(Principal={"AWS": OTHER}), DELEGATION))
    assert [(trace.policy, trace.statement) for trace in authorize(request, given).trace] == [
        ("identity", "statement 1"),
        ("key", "statement 2"),
    ]
    by_service = replace(request, principal=SERVICE)
    assert authorize(by_service, Policies(resource=key_policy(allow(Principal="*")))).trace == ()


def test_a_policy_may_have_a_name_that_is_no_unicode() -> None:
    broken = Policies(identity=(parse_policy("{", PolicyKind.IDENTITY, "x\ud800"),), resource=key_policy(DELEGATION))
    decision = authorize(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME)), broken)
    assert decision.unsupported[0].startswith("x\\ud800: the document, which is not JSON")


def test_an_unsupported_value_leaves_one_trace_of_its_statement() -> None:
    statement = allow(Action=["kms:Decrypt", "Odd"], Condition={"Null": {"aws:PrincipalArn": "true"}})
    given = Policies(identity=(policy(PolicyKind.IDENTITY, statement),), resource=key_policy(DELEGATION))
    decision = authorize(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME)), given)
    assert [trace.policy for trace in decision.trace] == ["identity", "key"]


def test_texts_and_traces_are_made_when_they_are_read_and_only_once() -> None:
    made: list[str] = []

    def make(what: str, value: Any) -> Any:
        def now() -> Any:
            made.append(what)
            return value

        return now

    trace = (StatementTrace(Source.IDENTITY, "p", "s", "Deny"),)
    error = AwsError("AccessDenied", 403, "no")
    decision = Decision(False, Source.IDENTITY, make("reason", "because"), make("error", error), make("trace", trace))
    assert decision.outcome is Outcome.REFUSED
    assert made == []
    for _ in range(2):
        assert (decision.reason, decision.error, decision.trace) == ("because", error, trace)
    assert made == ["reason", "error", "trace"]
    assert decision == Decision(False, Source.IDENTITY, "because", error, trace)
    assert decision != Decision(False, Source.IDENTITY, "because", error)
    assert decision != Decision(False, Source.IDENTITY, "because", None, trace)
    assert decision != Decision(False, Source.IDENTITY, "why", error, trace)
    assert decision != Decision(False, Source.BOUNDARY, "because", error, trace)
    assert decision != Decision(False, Source.IDENTITY, "because", error, trace, ("x",))
    assert decision != "because"
    assert repr(decision) == "Decision(refused, 'identity-based policy', 'because')"


def test_the_answer_for_several_permissions() -> None:
    allowed, refused = Decision(True, Source.GRANT, "a"), Decision(False, Source.GRANT, "r")
    undecided = Decision(False, Source.UNSUPPORTED, "u", unsupported=("x",))
    other = Decision(True, Source.GRANT, "b")
    assert first_refusal([allowed, other]).reason == "b"
    assert first_refusal([allowed, refused, undecided]).reason == "r"
    assert first_refusal([undecided, refused]).reason == "r"
    assert first_refusal([undecided, allowed]).reason == "u"
    assert first_refusal([allowed, undecided, allowed]).reason == "u"
    assert first_refusal(iter([refused, allowed])).reason == "r"
    with pytest.raises(ValueError, match=r"^no permission is asked for$"):
        first_refusal([])


def test_a_request_that_breaks_only_what_no_decision_needs_has_no_trace() -> None:
    broken = replace(SESSION, tags=7)  # type: ignore[arg-type]
    tagged = allow(Condition={"StringEquals": {"aws:PrincipalTag/team": "x"}})
    given = Policies(identity=(policy(PolicyKind.IDENTITY, allow(), tagged),), resource=key_policy(DELEGATION))
    decision = authorize(Request(broken, "kms:Decrypt", Resource(KEY, HOME)), given)
    assert decision.allowed
    assert decision.trace == ()


def test_text_that_is_no_unicode_is_shown_with_escapes() -> None:
    odd = Request(SESSION, "kms:\ud800", Resource(KEY, HOME), {})
    decision = authorize(odd, Policies(resource=key_policy(DELEGATION)))
    assert "\\ud800" in decision.reason
    shown = allow(Condition={"StringEquals": {"kms:ViaService": "x"}})
    request = Request(SESSION, "kms:ListKeys", Resource("*", HOME), {"kms:ViaService": ("\ud800",)})
    explained = explain(authorize(request, Policies((policy(PolicyKind.IDENTITY, shown),))))
    assert explained.encode()
    assert "got ['\\ud800']" in explained
    unprintable = Decision(False, Source.IDENTITY, "no \ud800", None, ())
    assert explain(unprintable) == "refused: identity-based policy: no \\ud800"


# Decisions without a key


def test_what_a_caller_may_do_without_policies() -> None:
    decision = authorize(Request(SESSION, "sts:GetCallerIdentity", Resource("*", HOME)), Policies())
    assert decision.allowed
    assert decision.reason == "sts:GetCallerIdentity needs no permission"
    decision = authorize(Request(ROOT, "kms:ListKeys", Resource("*", HOME)), Policies())
    assert decision.source is Source.ACCOUNT_ROOT
    assert decision.reason == "the account root user may do everything in its account"
    decision = authorize(Request(SERVICE, "kms:ListKeys", Resource("*", "")), Policies())
    assert not decision.allowed
    assert decision.reason == "the caller has no identity-based policies"


def test_a_root_user_of_another_account_is_let_in_by_the_key_policy() -> None:
    other = Principal(PrincipalType.ACCOUNT_ROOT, f"arn:aws:iam::{OTHER}:root", OTHER, f"arn:aws:iam::{OTHER}:root")
    request = Request(other, "kms:Decrypt", Resource(KEY, HOME))
    decision = authorize(request, Policies(resource=key_policy(allow(Principal={"AWS": OTHER}))))
    assert decision.allowed
    assert decision.source is Source.KEY_POLICY


def test_a_role_or_a_key_without_its_policy_refuses() -> None:
    everything = Policies(identity=(policy(PolicyKind.IDENTITY, allow(Action="*")),))
    assert not authorize(Request(SESSION, "sts:AssumeRole", Resource(ROLE, HOME)), everything).allowed
    assert not authorize(Request(SESSION, "kms:Decrypt", Resource(KEY, HOME)), everything).allowed
    assert authorize(Request(SESSION, "iam:GetRole", Resource(ROLE, HOME)), everything).allowed
    federated = Resource(f"arn:aws:sts::{HOME}:federated-user/x", HOME)
    assert authorize(Request(SESSION, "sts:GetFederationToken", federated), everything).allowed


def test_a_resource_that_is_no_arn_is_named() -> None:
    limited = Policies(identity=(policy(PolicyKind.IDENTITY, allow(Resource="arn:aws:kms:*:*:key/*")),))
    decision = authorize(Request(SESSION, "kms:Decrypt", Resource("key/x", HOME)), limited)
    assert decision.reason.endswith("the requested resource 'key/x', which is no ARN")
    assert decision.trace == ()


def test_an_error_while_deciding_refuses_and_is_named() -> None:
    broken = Request(SESSION, "kms:Decrypt", None, {})  # type: ignore[arg-type]
    decision = authorize(broken, Policies(resource=key_policy(DELEGATION)))
    assert decision.source is Source.UNSUPPORTED
    assert decision.reason == "unsupported: the request or a policy: AttributeError while deciding"
    assert decision.error is not None
    assert decision.error.message.startswith(
        f"User: {SESSION.arn} is not authorized to perform: kms:Decrypt on resource:  because this is unsupported: "
    )


def test_an_anonymous_caller_is_called_so() -> None:
    anonymous = Principal(PrincipalType.ANONYMOUS, "")
    decision = authorize(
        Request(anonymous, "kms:Decrypt", Resource(KEY, HOME)), Policies(resource=key_policy(DELEGATION))
    )
    assert decision.error is not None
    assert decision.error.message.startswith("User: anonymous is not authorized to perform: kms:Decrypt on")
    odd = replace(SESSION, arn="x\ud800")
    decision = authorize(Request(odd, "kms:ListKeys", Resource("*", HOME)), Policies())
    assert decision.error is not None
    assert decision.error.message.startswith("User: x\\ud800 is not authorized to perform: kms:ListKeys on")
