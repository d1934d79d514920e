"""Condition blocks: compiled once, then asked whether they hold for a request.

Source: IAM user guide "IAM JSON policy elements: Condition", "Condition operators", "Multivalued context keys",
"Conditions with multiple context keys or values"; authorization.md "Conditions".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from authorization import unknowns
from authorization.context_keys import check_known
from authorization.decision import ConditionFailure
from authorization.errors import NotUnderstoodError
from authorization.operators import OPERATORS, Operator, Test, truth
from authorization.request import ContextValue
from authorization.variables import Template, parse_template

type Lookup = Callable[[str], ContextValue | None]
"""The request context: a condition key's value, None where the request does not have it."""


class Qualifier(Enum):
    """How an operator treats a key that holds several values."""

    NONE = ""
    ANY = "foranyvalue:"
    ALL = "forallvalues:"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One value of a condition: the text as written, and its test, or the template to make the test from."""

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
class Clause:
    """One operator and one key of a condition block, with its values."""

    written: str
    key: str
    wanted: tuple[Wanted, ...]
    operator: Operator
    qualifier: Qualifier
    if_exists: bool

    def variables(self) -> set[str]:
        """The keys of the policy variables in its values."""
        return {key for wanted in self.wanted for key in wanted.template.variables()}

    def failure(self, lookup: Lookup) -> ConditionFailure | None:
        """None if the clause holds for the request, else what it wanted and saw."""
        seen = lookup(self.key)
        if self._holds(seen, lookup):
            return None
        return ConditionFailure(self.written, self.key, tuple(wanted.text for wanted in self.wanted), seen)

    def _holds(self, seen: ContextValue | None, lookup: Lookup) -> bool:
        if seen is None and self.if_exists:
            return True
        if self.qualifier is Qualifier.NONE:
            if seen is None:
                return self.operator.negated
            # A key with several values needs a set qualifier; without one the condition does not hold (inferred).
            return isinstance(seen, str) and self._fits(seen, self._tests(lookup))
        values = _as_set(seen)
        if not values:
            return self.qualifier is Qualifier.ALL
        tests = self._tests(lookup)
        # With a negated operator, each value on its own must fit none of the policy's values (inferred).
        if self.qualifier is Qualifier.ALL:
            return all(self._fits(value, tests) for value in values)
        return any(self._fits(value, tests) for value in values)

    def _tests(self, lookup: Lookup) -> list[Test]:
        tests = [wanted.resolve(self.operator, lookup) for wanted in self.wanted]
        return [test for test in tests if test is not None]

    def _fits(self, seen: str, tests: list[Test]) -> bool:
        return any(test(seen) for test in tests) is not self.operator.negated


@dataclass(frozen=True, slots=True)
class NullClause:
    """`Null`: whether a key is absent."""

    written: str
    key: str
    wanted: tuple[str, ...]
    absent: frozenset[bool]

    def variables(self) -> set[str]:
        """The keys of policy variables: it takes none."""
        return set()

    def failure(self, lookup: Lookup) -> ConditionFailure | None:
        """None if the clause holds for the request, else what it wanted and saw."""
        seen = lookup(self.key)
        if (seen is None or (seen == "" and not unknowns.EMPTY_STRING_IS_PRESENT)) in self.absent:
            return None
        return ConditionFailure(self.written, self.key, self.wanted, seen)


type Condition = Clause | NullClause


def compile_condition(operator: str, key: str, values: tuple[str, ...], *, variables: bool) -> Condition:
    """Compile one key of one operator of a `Condition` element. Raises NotUnderstoodError for an operator, key,
    variable or value that is not understood."""
    check_known(key)
    check_operator(operator)
    qualifier, base, if_exists = _split_operator(operator)
    if base == "null":
        return NullClause(operator, key, values, frozenset(truth(value) for value in values))
    known = OPERATORS[base]
    wanted = tuple(_compile_value(known, value, variables=variables) for value in values)
    return Clause(operator, key, wanted, known, qualifier, if_exists)


def check_operator(written: str) -> None:
    """Raise NotUnderstoodError, with the operator's name, unless it is one of AWS's."""
    qualifier, base, if_exists = _split_operator(written)
    bare_null = base == "null" and qualifier is Qualifier.NONE and not if_exists
    if base not in OPERATORS and not bare_null:
        raise NotUnderstoodError(f"the condition operator {written!r}")


def _split_operator(written: str) -> tuple[Qualifier, str, bool]:
    folded = written.lower()  # unknowns.OPERATOR_NAMES
    qualifier = next(
        (found for found in (Qualifier.ANY, Qualifier.ALL) if folded.startswith(found.value)), Qualifier.NONE
    )
    base = folded.removeprefix(qualifier.value)
    return qualifier, base.removesuffix("ifexists"), base.endswith("ifexists")


def _compile_value(operator: Operator, text: str, *, variables: bool) -> Wanted:
    template = parse_template(text, variables=variables and operator.variables)
    test = operator.make(template.plain_parts()) if template.is_plain else None
    return Wanted(text, test, template)


def _as_set(seen: ContextValue | None) -> tuple[str, ...]:
    """The values that a set qualifier looks at. A single empty string counts as none: AWS's text says that
    `ForAllValues` is true for "a null data set, such as an empty string"."""
    if seen is None:
        return ()
    values = (seen,) if isinstance(seen, str) else seen
    return () if all(value == "" for value in values) else values
