"""What must hold for every policy and every request, whatever they say."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plerion_kms.authorization.decision import Outcome, Source
from plerion_kms.authorization.explain import explain
from plerion_kms.authorization.patterns import compile_parts
from test_authorization import naive
from test_authorization.asking import ask
from test_authorization.situation import (
    Policy,
    Situation,
    Statement,
    change_policies,
    change_policy,
    change_statements,
    count_policies,
)
from test_authorization.strategies import (
    CONDITION_KEYS,
    CONDITIONS,
    HOME,
    OTHER,
    documents,
    grants,
    in_any_case,
    open_policy,
    situations,
    situations_of_one_condition,
    statements,
)
from test_authorization.unsupported import (
    UNKNOWN_CONDITIONS,
    UNKNOWN_ELEMENTS,
    UNKNOWN_PRINCIPALS,
    nothing,
    unsupported_documents,
    unsupported_statements,
)

pytestmark = pytest.mark.generated


def number_of_a_policy(data: st.DataObject, s: Situation) -> int:
    """The number of one of the policies."""
    assume(count_policies(s) > 0)
    return data.draw(st.integers(0, count_policies(s) - 1))


def with_statement(policy: Policy, statement: Statement) -> Policy:
    return {**policy, "Statement": [*policy["Statement"], statement]}


def deny_all(kind: str) -> Statement:
    return {**open_policy(kind)["Statement"][0], "Effect": "Deny"}


# What never makes a refusal into an allow


@given(situations(), st.data())
def test_an_added_deny_never_allows_more(s: Situation, data: st.DataObject) -> None:
    def add(policy: Policy, kind: str) -> Policy:
        return with_statement(policy, {**data.draw(statements(s.action, kind, s.caller)), "Effect": "Deny"})

    changed = change_policy(s, number_of_a_policy(data, s), add)
    assert ask(s).allowed or not ask(changed).allowed


@given(situations(), st.data())
def test_a_deny_of_everything_in_any_policy_refuses(s: Situation, data: st.DataObject) -> None:
    changed = change_policy(s, number_of_a_policy(data, s), lambda policy, kind: with_statement(policy, deny_all(kind)))
    assert not ask(changed).allowed


@given(situations(), st.data())
def test_a_removed_allow_never_allows_more(s: Situation, data: st.DataObject) -> None:
    def remove(policy: Policy, kind: str) -> Policy:
        allows = [number for number, each in enumerate(policy["Statement"]) if each["Effect"] == "Allow"]
        assume(allows)
        gone = data.draw(st.sampled_from(allows))
        kept = [each for number, each in enumerate(policy["Statement"]) if number != gone]
        return {**policy, "Statement": [*kept, nothing(kind)]}

    changed = change_policy(s, number_of_a_policy(data, s), remove)
    assert ask(s).allowed or not ask(changed).allowed


@given(situations(), st.data())
def test_a_policy_that_limits_or_a_level_of_control_policies_never_allows_more(
    s: Situation, data: st.DataObject
) -> None:
    refused = not ask(s).allowed

    def one(kind: str) -> Policy:
        return data.draw(documents(s.action, kind, s.caller))

    added = [
        replace(s, service_control=[*s.service_control, [one("service control")]]),
        replace(s, resource_control=[*s.resource_control, [one("resource control")]]),
    ]
    added += [replace(s, boundary=one("boundary"))] if s.boundary is None else []
    added += [replace(s, endpoint=one("VPC endpoint"))] if s.endpoint is None else []
    added += [replace(s, session=one("session"))] if s.session is None else []
    for changed in added:
        assert not (refused and ask(changed).allowed)


@given(situations(), st.data())
def test_an_added_condition_on_an_allow_never_allows_more(s: Situation, data: st.DataObject) -> None:
    def narrow(policy: Policy, kind: str) -> Policy:
        operator, key, values = data.draw(CONDITIONS[kind == "key"])

        def with_condition(statement: Statement) -> Statement:
            block = statement.get("Condition", {})
            if statement["Effect"] == "Deny" or key.lower() in {each.lower() for each in block.get(operator, {})}:
                return statement
            return {**statement, "Condition": {**block, operator: {**block.get(operator, {}), key: values}}}

        return {**policy, "Statement": [with_condition(each) for each in policy["Statement"]]}

    changed = change_policy(s, number_of_a_policy(data, s), narrow)
    assert ask(s).allowed or not ask(changed).allowed


# What is needed for an allow


@given(situations())
def test_nothing_is_allowed_without_an_allow_that_matches(s: Situation) -> None:
    decision = ask(s)
    matched = any(trace.effect == "Allow" and trace.failure is None for trace in decision.trace)
    by_nature = decision.source in (Source.GRANT, Source.ACCOUNT_ROOT)
    assert not decision.allowed or matched or by_nature


@given(situations())
def test_without_any_allow_no_principal_may_use_a_key(s: Situation) -> None:
    assume(s.key_policy is not None)
    changed = change_policies(
        replace(s, grants=[]),
        lambda policy, kind: {
            **policy,
            "Statement": [*(each for each in policy["Statement"] if each["Effect"] == "Deny"), nothing(kind)],
        },
    )
    assert not ask(changed).allowed


@given(situations(cross_account=True))
def test_across_accounts_neither_side_is_enough(s: Situation) -> None:
    assume(s.key_policy is not None)
    owner_only = {**open_policy("key")["Statement"][0], "Principal": {"AWS": s.key_account}}
    assert not ask(replace(s, key_policy={"Version": "2012-10-17", "Statement": [owner_only]}, grants=[])).allowed
    if s.caller.kind != "account root":
        assert not ask(replace(s, identity=[], grants=[])).allowed


@given(situations())
def test_without_a_key_policy_no_principal_may_use_a_key(s: Situation) -> None:
    assume(s.key_policy is not None)
    assert not ask(replace(s, key_policy=None, grants=[])).allowed


@given(situations())
def test_an_anonymous_caller_may_not_use_a_key_that_names_accounts(s: Situation) -> None:
    assume(s.key_policy is not None)
    named = {**open_policy("key")["Statement"][0], "Principal": {"AWS": [HOME, OTHER, s.caller.arn]}}
    anonymous = replace(s.caller, kind="anonymous", arn="", account="", issuer="", tags={})
    assert not ask(
        replace(s, caller=anonymous, identity=[], key_policy={"Version": "2012-10-17", "Statement": [named]})
    ).allowed


@given(situations(), st.data())
def test_a_grant_never_refuses_and_never_beats_a_deny(s: Situation, data: st.DataObject) -> None:
    more = replace(s, grants=[*s.grants, data.draw(grants(s.action))])
    assert ask(more).allowed or not ask(s).allowed
    number = number_of_a_policy(data, s)
    assert not ask(change_policy(more, number, lambda policy, kind: with_statement(policy, deny_all(kind)))).allowed


# What is unsupported


@given(situations(), st.data())
def test_an_unsupported_statement_allows_nothing(s: Situation, data: st.DataObject) -> None:
    """Whatever it is that is unsupported: less is allowed than with the statement, and no more than without it."""

    def broken(statement: Statement, kind: str) -> Statement:
        choice = data.draw(st.integers(0, 2 if kind == "key" and "Principal" in statement else 1))
        if choice == 2:
            return {**statement, "Principal": data.draw(st.sampled_from(UNKNOWN_PRINCIPALS))}
        if choice == 1:
            return {**statement, **data.draw(st.sampled_from(UNKNOWN_ELEMENTS))}
        return {**statement, "Condition": data.draw(st.sampled_from(UNKNOWN_CONDITIONS))}

    number = number_of_a_policy(data, s)
    answers = {}
    for way in ("broken", "without"):

        def change(policy: Policy, kind: str, way: str = way) -> Policy:
            first, *others = policy["Statement"]
            return {**policy, "Statement": [broken(first, kind) if way == "broken" else nothing(kind), *others]}

        answers[way] = ask(change_policy(s, number, change)).allowed
    assert answers["without"] or not answers["broken"]


@given(situations(), st.data())
def test_an_unsupported_allow_never_refuses_and_an_unsupported_deny_never_allows(
    s: Situation, data: st.DataObject
) -> None:
    """Added to any policy: an Allow leaves allowed what was allowed, a Deny leaves refused what was refused."""
    number = number_of_a_policy(data, s)
    order = [Outcome.REFUSED, Outcome.UNDECIDED, Outcome.ALLOWED]
    before = order.index(ask(s).outcome)
    for effect in ("Allow", "Deny"):

        def add(policy: Policy, kind: str, effect: str = effect) -> Policy:
            statement = {**data.draw(statements(s.action, kind, s.caller)), "Effect": effect}
            statement.pop("NotPrincipal", None)
            if kind in ("key", "resource control"):
                statement.setdefault("Principal", "*")
            return with_statement(policy, data.draw(unsupported_statements(statement, kind, s.caller))[0])

        after = order.index(ask(change_policy(s, number, add)).outcome)
        assert after >= before if effect == "Allow" else after <= before


@given(situations(), st.data())
def test_unsupported_parts_are_undecided_exactly_where_their_readings_differ(s: Situation, data: st.DataObject) -> None:
    """The second reading tries every combination of what the unsupported parts may mean."""
    spoilt, readings, caller = s, [s], s.caller
    for number in data.draw(st.sets(st.integers(0, max(count_policies(s) - 1, 0)), max_size=2)):
        meant: list[Policy] = []

        def spoil(policy: Policy, kind: str, meant: list[Policy] = meant) -> Policy:
            odd: Policy
            odd, meanings = data.draw(unsupported_documents(policy, kind, caller))
            meant += meanings
            return odd

        def mean(reading: Situation, policy: Policy, number: int = number) -> Situation:
            return change_policy(reading, number, lambda _policy, _kind: policy)

        spoilt = change_policy(spoilt, number, spoil)
        readings = [mean(reading, policy) for reading in readings for policy in meant] or readings
    decision = ask(spoilt)
    assert decision.outcome.value == naive.outcome(readings), explain(decision)
    assert bool(decision.unsupported) is (decision.outcome is Outcome.UNDECIDED)


@given(situations(), st.data())
def test_what_is_decided_under_an_unsupported_version_is_so_under_every_version(
    s: Situation, data: st.DataObject
) -> None:
    number = number_of_a_policy(data, s)

    def under(**elements: Any) -> Situation:
        return change_policy(s, number, lambda policy, _: {**policy, **elements})

    odd = under(Version=data.draw(st.sampled_from(("2030-01-01", "", None, 2012))))
    without = change_policy(s, number, lambda policy, kind: {**policy, "Statement": [nothing(kind)]})
    outcome = ask(odd).outcome
    readings = [under(Version="2012-10-17"), under(Version="2008-10-17"), without]
    assert outcome is Outcome.UNDECIDED or outcome.value == naive.outcome(readings)


@given(situations(), st.data())
def test_an_unsupported_deny_still_refuses(s: Situation, data: st.DataObject) -> None:
    def add(policy: Policy, kind: str) -> Policy:
        condition = data.draw(st.sampled_from(UNKNOWN_CONDITIONS))
        return with_statement(policy, {**deny_all(kind), "Condition": condition})

    decision = ask(change_policy(s, number_of_a_policy(data, s), add))
    assert not decision.allowed
    assert decision.source is not Source.UNSUPPORTED or "unsupported: " in decision.reason


@given(situations())
def test_every_correct_document_is_supported(s: Situation) -> None:
    decision = ask(s)
    assert decision.source is not Source.UNSUPPORTED, explain(decision)


# What never matters


def same(one: Situation, other: Situation) -> None:
    """Both are answered alike, for the same reason as far as the kind of policy goes."""
    first, second = ask(one), ask(other)
    assert (first.allowed, first.source, first.error) == (second.allowed, second.source, second.error)


@given(situations(), st.data())
def test_the_order_of_statements_never_matters(s: Situation, data: st.DataObject) -> None:
    same(s, change_policies(s, lambda p, _: {**p, "Statement": data.draw(st.permutations(p["Statement"]))}))


@given(situations(), st.data())
def test_the_order_of_policies_never_matters(s: Situation, data: st.DataObject) -> None:
    same(
        s,
        replace(
            s,
            identity=data.draw(st.permutations(s.identity)),
            service_control=data.draw(st.permutations(s.service_control)),
            resource_control=[list(reversed(level)) for level in s.resource_control],
        ),
    )


@given(situations())
def test_the_order_of_elements_operators_keys_and_values_never_matters(s: Situation) -> None:
    def reverse(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: reverse(each) for name, each in reversed(value.items())}
        return [reverse(each) for each in reversed(value)] if isinstance(value, list) else value

    same(s, change_policies(s, lambda policy, _: reverse(policy)))


@given(situations())
def test_a_policy_said_twice_is_a_policy_said_once(s: Situation) -> None:
    same(s, replace(s, identity=s.identity * 2, grants=s.grants * 2))
    same(s, change_statements(s, lambda statement: [statement, statement]))


@given(situations(), st.data())
def test_the_case_of_action_names_never_matters(s: Situation, data: st.DataObject) -> None:
    def shout(statement: Statement) -> list[Statement]:
        name = "Action" if "Action" in statement else "NotAction"
        given = statement[name] if isinstance(statement[name], list) else [statement[name]]
        return [{**statement, name: [data.draw(in_any_case(action)) for action in given]}]

    same(s, change_statements(s, shout))
    same(s, replace(change_statements(s, shout), action=s.action))


@given(situations(), st.data())
def test_the_case_of_condition_key_names_never_matters(s: Situation, data: st.DataObject) -> None:
    def fold(match: re.Match[str]) -> str:
        return match[1] + data.draw(in_any_case(match[2])) + match[3]

    def in_variables(value: Any) -> Any:
        if isinstance(value, list):
            return [in_variables(each) for each in value]
        return re.sub(r"(\$\{)([A-Za-z:/]+)(.*?\})", fold, value) if isinstance(value, str) else value

    def rename(policy: Policy, _: str) -> Policy:
        variables = policy["Version"] == "2012-10-17"
        changed = []
        for statement in policy["Statement"]:
            block: dict[str, Any] = {}
            for operator, keys in statement.get("Condition", {}).items():
                for key, values in keys.items():
                    name = data.draw(in_any_case(key))
                    block.setdefault(operator, {})[name] = in_variables(values) if variables else values
            changed.append({**statement, "Condition": block} if block else statement)
        return {**policy, "Statement": changed}

    same(s, change_policies(s, rename))
    same(s, replace(s, context=dict(reversed(s.context.items()))))


@given(situations())
def test_a_value_and_a_list_of_that_value_are_the_same(s: Situation) -> None:
    def listed(value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    def wrap(statement: Statement) -> list[Statement]:
        wrapped = dict(statement)
        for name in ("Action", "NotAction", "Resource", "NotResource"):
            if name in wrapped:
                wrapped[name] = listed(wrapped[name])
        if "Condition" in wrapped:
            wrapped["Condition"] = {
                operator: {key: listed(values) for key, values in keys.items()}
                for operator, keys in wrapped["Condition"].items()
            }
        return [wrapped]

    same(s, change_statements(s, wrap))


@given(situations())
def test_a_statement_with_many_actions_or_resources_is_as_many_statements(s: Situation) -> None:
    def split(statement: Statement) -> list[Statement]:
        parts = [statement]
        for name in ("Action", "Resource"):
            parts = [
                {**part, name: value}
                for part in parts
                for value in (part[name] if isinstance(part.get(name), list) else [part.get(name)])
            ]
        return [{name: value for name, value in part.items() if value is not None} for part in parts]

    same(s, change_statements(s, split))


@given(situations())
def test_an_account_may_be_named_by_its_number_or_by_its_arn(s: Situation) -> None:
    def arn(name: str) -> str:
        return f"arn:aws:iam::{name}:root" if name.isdigit() else name

    def rename(statement: Statement) -> list[Statement]:
        renamed = dict(statement)
        for element in ("Principal", "NotPrincipal"):
            names = renamed.get(element, {})
            if names == "*":
                renamed[element] = {"AWS": "*"}
            elif names:
                listed = names["AWS"] if isinstance(names["AWS"], list) else [names["AWS"]]
                renamed[element] = {"AWS": [arn(name) for name in listed]}
        return [renamed]

    same(s, change_statements(s, rename))


@given(situations())
def test_condition_keys_that_no_policy_names_never_matter(s: Situation) -> None:
    more = {"aws:SourceVpc": "vpc-1", "kms:MessageType": "RAW", "aws:UserAgent": "", "sts:ExternalId": "*"}
    same(s, replace(s, context={**s.context, **more}))


# Conditions


NEGATIONS = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
}
OPPOSITES = {**NEGATIONS, **{negated: plain for plain, negated in NEGATIONS.items()}}
SINGLE_OPPOSITES = {
    f"{family}{one}": f"{family}{other}"
    for family in ("Numeric", "Date")
    for one, other in (("LessThan", "GreaterThanEquals"), ("GreaterThan", "LessThanEquals"))
}


def the_condition(s: Situation) -> tuple[str, str, Any]:
    ((operator, keys),) = s.identity[0]["Statement"][0]["Condition"].items()
    ((key, values),) = keys.items()
    return operator, key, values


def under(s: Situation, operator: str, values: Any) -> bool:
    """The answer under another condition on the same key."""
    _, key, _ = the_condition(s)
    (policy,) = s.identity
    (statement,) = policy["Statement"]
    changed = {**policy, "Statement": [{**statement, "Condition": {operator: {key: values}}}]}
    return ask(replace(s, identity=[changed])).allowed


@given(situations_of_one_condition())
def test_an_operator_and_its_negation_never_agree_on_a_key_with_one_value(s: Situation) -> None:
    operator, key, values = the_condition(s)
    base = operator.rpartition(":")[2].removesuffix("IfExists")
    assume(not next(each for each in CONDITION_KEYS if each.name.lower() == key.lower()).many)
    assume(under(s, "Null", "false"))
    if base in OPPOSITES:
        assert under(s, base, values) is not under(s, OPPOSITES[base], values)
    if base in SINGLE_OPPOSITES:
        one = values[0] if isinstance(values, list) else values
        assert under(s, base, one) is not under(s, SINGLE_OPPOSITES[base], one)


@given(situations_of_one_condition())
def test_a_key_is_absent_or_present(s: Situation) -> None:
    assert under(s, "Null", "true") is not under(s, "Null", "false")
    assert under(s, "Null", ["true", "false"])


@given(situations_of_one_condition())
def test_if_exists_is_the_operator_itself_on_a_present_key_and_true_on_an_absent_one(s: Situation) -> None:
    operator, _, values = the_condition(s)
    assume(operator != "Null")
    plain = operator.removesuffix("IfExists")
    present = under(s, "Null", "false")
    assert under(s, plain + "IfExists", values) is (under(s, plain, values) if present else True)


@given(situations_of_one_condition())
def test_any_value_and_all_values_differ_only_on_sets(s: Situation) -> None:
    operator, key, values = the_condition(s)
    base = operator.rpartition(":")[2].removesuffix("IfExists")
    actual = next((value for name, value in s.context.items() if name.lower() == key.lower()), [])
    values = [actual] if isinstance(actual, str) else actual
    assume(base != "Null" and len(values) == 1 and values != [""])
    assert under(s, f"ForAnyValue:{base}", values) is under(s, f"ForAllValues:{base}", values)


@given(situations_of_one_condition(), st.data())
def test_one_more_wanted_value_widens_an_operator_and_narrows_its_negation(s: Situation, data: st.DataObject) -> None:
    operator, _, values = the_condition(s)
    assume(isinstance(values, list) and len(values) > 1)
    fewer = data.draw(st.sampled_from([values[:-1], values[1:]]))
    before, after = under(s, operator, fewer), under(s, operator, values)
    assert (before or not after) if "Not" in operator else (after or not before)


PIECES = st.lists(st.tuples(st.text("ab*?", max_size=4), st.booleans()), min_size=1, max_size=4)


@given(PIECES, st.text("ab*", max_size=7))
@settings(max_examples=10 * settings().max_examples)
def test_patterns_are_the_regular_expressions_that_they_stand_for(parts: list[tuple[str, bool]], text: str) -> None:
    assert compile_parts(parts).matches(text) is naive.glob(parts, text)


# Answers


@given(situations())
def test_every_answer_is_whole(s: Situation) -> None:
    decision = ask(s)
    assert (decision.error is None) is decision.allowed
    assert decision.reason
    assert explain(decision).startswith("allowed" if decision.allowed else "refused")
    if decision.error is not None:
        assert (decision.error.code, decision.error.status) == ("AccessDeniedException", 400)
        assert s.caller.arn in decision.error.message


@given(situations())
def test_the_same_question_has_the_same_answer(s: Situation) -> None:
    assert ask(s) == ask(s)
