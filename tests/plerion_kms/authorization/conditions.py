"""Condition blocks: compiled once, then asked whether they hold for a request.

Source: IAM user guide "IAM JSON policy elements: Condition", "Condition operators", "Multivalued context keys",
"Conditions with multiple context keys or values"; RULES.md "Conditions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.context_keys import check_known
from plerion_kms.authorization.decision import ConditionFailure
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.operators import OPERATORS, Operator, Test, truth
from plerion_kms.authorization.request import ContextValue
from plerion_kms.authorization.variables import Template, parse_template

type Lookup = Callable[[str], ContextValue | None]
"""The request context: a condition key's value, None where the request does not have it."""


class Qualifier(Enum):
    """How an operator treats a key that holds several values."""

    NONE = ""
    ANY = "foranyvalue:"
    ALL = "forallvalues:"


@dataclass(frozen=True, slots=True)
class ConditionValue:
    """One value of a condition: its text in the policy, and its test, or the template to make the test from."""

    text: str
    test: Test | None
    template: Template

    def resolve(self, operator: Operator, lookup: Lookup) -> Test | None:
        """The test for this request; None where a variable in it has no value, so that nothing fits it."""
        if self.test is not None:
            return self.test
        parts = self.template.resolve(lookup)
        return None if parts is None else operator.make(parts)


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """One operator and one key of a condition block, with its values."""

    operator_name: str
    key: str
    expected: tuple[ConditionValue, ...]
    operator: Operator
    qualifier: Qualifier
    if_exists: bool

    def reads(self) -> set[str]:
        """Its key, and the keys of the policy variables in its values."""
        return {self.key}.union(*(value.template.variables() for value in self.expected))

    def holds(self, lookup: Lookup) -> bool:
        """Whether it holds for the request. Raises UnsupportedError where that depends on something unsupported."""
        actual = lookup(self.key)
        if actual is None:
            return self.if_exists or (
                self.operator.negated if self.qualifier is Qualifier.NONE else self.qualifier is Qualifier.ALL
            )
        if self.qualifier is Qualifier.NONE:
            # A key with several values needs a set qualifier; without one the condition does not hold (inferred).
            return isinstance(actual, str) and self._fits(actual, lookup)
        values = _as_set(actual)
        if not values:
            return self.qualifier is Qualifier.ALL
        # With a negated operator, each value on its own must fit none of the policy's values (inferred).
        decisive = self.qualifier is Qualifier.ANY
        return _any(lambda value: self._fits(value, lookup) == decisive, values) == decisive

    def failure(self, lookup: Lookup) -> ConditionFailure:
        """What it expected and what it got."""
        expected = tuple(value.text for value in self.expected)
        return ConditionFailure(self.operator_name, self.key, expected, lookup(self.key))

    def _fits(self, actual: str, lookup: Lookup) -> bool:
        def fits(expected: ConditionValue) -> bool:
            test = expected.resolve(self.operator, lookup)
            return test is not None and test(actual)

        return _any(fits, self.expected) != self.operator.negated


@dataclass(frozen=True, slots=True)
class NullCondition:
    """`Null`: whether a key is absent."""

    operator_name: str
    key: str
    expected: tuple[str, ...]
    absent: frozenset[bool]

    def reads(self) -> set[str]:
        """Its key: its values hold no policy variables."""
        return {self.key}

    def holds(self, lookup: Lookup) -> bool:
        """As `KeyCondition.holds`."""
        actual = lookup(self.key)
        return (actual is None or (actual == "" and not unknowns.EMPTY_STRING_IS_PRESENT)) in self.absent

    def failure(self, lookup: Lookup) -> ConditionFailure:
        """What it expected and what it got."""
        return ConditionFailure(self.operator_name, self.key, self.expected, lookup(self.key))


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A part of a statement that the engine cannot read, as the condition that it may be: `what` names it."""

    what: str

    def reads(self) -> set[str]:
        """None that is known."""
        return set()

    def holds(self, lookup: Lookup) -> bool:
        """Always raises UnsupportedError."""
        raise UnsupportedError(self.what)

    def failure(self, lookup: Lookup) -> ConditionFailure:
        """Never asked for: whether it fails is not known."""
        raise UnsupportedError(self.what)


def _any[Value](test: Callable[[Value], bool], values: Iterable[Value]) -> bool:
    """Whether a value passes. Raises UnsupportedError where that depends on a value that raises it: the order of the
    values never matters."""
    problem: UnsupportedError | None = None
    for value in values:
        try:
            if test(value):
                return True
        except UnsupportedError as raised:
            problem = problem or raised
    if problem is not None:
        raise problem
    return False


type Condition = KeyCondition | NullCondition | Unsupported


def compile_condition(operator: str, key: str, values: tuple[str, ...], *, variables: bool | None) -> Condition:
    """Compile one key of one operator of a `Condition` element. `variables` as for `parse_template`. Raises
    UnsupportedError for an operator, key, variable or value that is unsupported."""
    check_known(key)
    check_operator(operator)
    qualifier, base, if_exists = _split_operator(operator)
    if base == "null":
        return NullCondition(operator, key, values, frozenset(truth(value) for value in values))
    known = OPERATORS[base]
    expected = tuple(_compile_value(known, value, variables=variables) for value in values)
    return KeyCondition(operator, key, expected, known, qualifier, if_exists)


def check_operator(operator_name: str) -> None:
    """Raise UnsupportedError, with the operator's name, unless it is one of AWS's."""
    qualifier, base, if_exists = _split_operator(operator_name)
    bare_null = base == "null" and qualifier is Qualifier.NONE and not if_exists
    if base not in OPERATORS and not bare_null:
        raise UnsupportedError(f"the condition operator {operator_name!r}")


def _split_operator(operator_name: str) -> tuple[Qualifier, str, bool]:
    folded = operator_name.lower()  # the case of operators: README.md, "Unknown"
    qualifier = next(
        (found for found in (Qualifier.ANY, Qualifier.ALL) if folded.startswith(found.value)), Qualifier.NONE
    )
    base = folded.removeprefix(qualifier.value)
    return qualifier, base.removesuffix("ifexists"), base.endswith("ifexists")


def _compile_value(operator: Operator, text: str, *, variables: bool | None) -> ConditionValue:
    template = parse_template(text, variables=operator.variables and variables)
    test = operator.make(template.plain_parts()) if template.is_plain else None
    return ConditionValue(text, test, template)


def _as_set(actual: ContextValue | None) -> tuple[str, ...]:
    """The values that a set qualifier looks at. A single empty string is none: AWS's text says that
    `ForAllValues` is true for "a null data set, such as an empty string"."""
    if actual is None:
        return ()
    values = (actual,) if isinstance(actual, str) else actual
    return () if all(value == "" for value in values) else values
