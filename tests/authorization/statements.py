"""Policy documents as a decision reads them: statements with everything compiled that can be.

Source: IAM user guide "IAM JSON policy elements reference", "Grammar of the IAM JSON policy language"; authorization.md
"Policy language".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from authorization.actions import Actions, compile_actions
from authorization.conditions import Condition, compile_condition
from authorization.context_keys import NOT_IN_KEY_POLICIES
from authorization.errors import NotUnderstoodError
from authorization.json_text import JsonNumber, parse_json
from authorization.kinds import PolicyKind
from authorization.principals import Principals, compile_principals
from authorization.resources import Resources, compile_resources

VERSIONS = ("2008-10-17", "2012-10-17")
ELEMENTS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
_WITH_PRINCIPAL = (PolicyKind.KEY, PolicyKind.TRUST, PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT)
_WITH_NOT_PRINCIPAL = (PolicyKind.KEY, PolicyKind.ENDPOINT)
_STAR_COVERS_SERVICES = (PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT)
"""Kinds whose `*` means AWS services too: RCPFullAWSAccess, which no account can detach, is all that allows them there
(AWS Organizations user guide "Resource control policies"). Key policies: `unknowns.STAR_PRINCIPAL_COVERS_SERVICES`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    label: its Sid, or `statement N` counted from 1. allow: its effect.
    actions, resources, principals: None where the element is missing or not understood; what is missing does not
    narrow. inert: a key policy's statement without Action or Resource, which KMS accepts and which does nothing.
    problem: what is not understood in it; a request that the rest of the statement covers is refused.
    """

    label: str
    allow: bool
    actions: Actions | None = None
    resources: Resources | None = None
    principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()
    inert: bool = False
    problem: str | None = None

    def context_keys(self) -> set[str]:
        """The context keys that it reads, in its conditions and its variables."""
        keys = {condition.key for condition in self.conditions}
        keys |= {key for condition in self.conditions for key in condition.variables()}
        return keys | (self.resources.variables() if self.resources else set())


@dataclass(frozen=True, slots=True)
class Document:
    """A compiled document. problem: why it could not be read at all; it then has no statements."""

    statements: tuple[Statement, ...] = ()
    problem: str | None = None


def compile_document(text: str, kind: PolicyKind) -> Document:
    """Compile a policy's JSON text. Never raises: what is not understood becomes a problem of the document or of the
    statement that it is in."""
    try:
        return _compile_document(parse_json(text), kind)
    except NotUnderstoodError as problem:
        return Document(problem=str(problem))


def _compile_document(content: object, kind: PolicyKind) -> Document:
    if not isinstance(content, Mapping):
        raise NotUnderstoodError("the document, which is not a JSON object")
    for element in content:
        if element not in ("Version", "Id", "Statement"):
            raise NotUnderstoodError(f"the element {element!r} of the document")
    version = content.get("Version", "2008-10-17")
    if version not in VERSIONS:
        raise NotUnderstoodError(f"the version {version!r} of the document")
    statements = content.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if not listed or not all(isinstance(statement, Mapping) for statement in listed):
        raise NotUnderstoodError("the document, which has no Statement that is an object or a list of objects")
    variables = version == "2012-10-17"
    return Document(
        tuple(_compile_statement(statement, number, kind, variables) for number, statement in enumerate(listed, 1))
    )


def _compile_statement(content: Mapping[str, object], number: int, kind: PolicyKind, variables: bool) -> Statement:
    builder = _Builder(content, kind, variables)
    sid = content.get("Sid")
    return Statement(
        label=sid if type(sid) is str and sid else f"statement {number}",
        allow=builder.effect(),
        actions=builder.actions(),
        resources=builder.resources(),
        principals=builder.principals(),
        conditions=builder.conditions(),
        inert=builder.inert,
        problem=builder.problem(),
    )


class _Builder:
    """Compiles the elements of one statement and collects what is not understood."""

    def __init__(self, content: Mapping[str, object], kind: PolicyKind, variables: bool) -> None:
        self.content = content
        self.kind = kind
        self.variables = variables
        self.inert = False
        self.problems = [f"the element {element!r}" for element in content if element not in ELEMENTS]
        if "Sid" in content and type(content["Sid"]) is not str:
            self.problems.append("the Sid, which is not a string")

    def problem(self) -> str | None:
        return "; ".join(self.problems) or None

    def effect(self) -> bool:
        effect = self.content.get("Effect")
        if effect not in ("Allow", "Deny"):
            self.problems.append(f"the Effect {effect!r}")
        return effect == "Allow"

    def actions(self) -> Actions | None:
        name, values = self._element("Action")
        if name is None:
            return None
        try:
            return compile_actions(values, complement=name.startswith("Not"))
        except NotUnderstoodError as problem:
            self.problems.append(str(problem))
            return None

    def resources(self) -> Resources | None:
        if self.kind is PolicyKind.TRUST:
            # A trust policy is attached to its role: naming a resource is an error.
            self.problems += [f"the element {name!r}" for name in ("Resource", "NotResource") if name in self.content]
            return None
        name, values = self._element("Resource")
        if name is None:
            return None
        try:
            return compile_resources(values, self.kind, complement=name.startswith("Not"), variables=self.variables)
        except NotUnderstoodError as problem:
            self.problems.append(str(problem))
            return None

    def principals(self) -> Principals | None:
        present = [name for name in ("Principal", "NotPrincipal") if name in self.content]
        if self.kind not in _WITH_PRINCIPAL:
            self.problems += [f"the element {name!r}" for name in present]
            return None
        if len(present) != 1:
            self.problems.append("the statement, which needs one of Principal and NotPrincipal")
            return None
        complement = present[0] == "NotPrincipal"
        if complement and (self.kind not in _WITH_NOT_PRINCIPAL or self.content.get("Effect") != "Deny"):
            # "Not supported" with Allow: IAM user guide "AWS JSON policy elements: NotPrincipal".
            self.problems.append("the element 'NotPrincipal'")
        try:
            return compile_principals(
                self.content[present[0]],
                complement=complement,
                providers=self.kind is PolicyKind.TRUST,
                star_covers_services=self.kind in _STAR_COVERS_SERVICES,
            )
        except NotUnderstoodError as problem:
            self.problems.append(str(problem))
            return None

    def conditions(self) -> tuple[Condition, ...]:
        block = self.content.get("Condition", {})
        if not isinstance(block, Mapping):
            self.problems.append("the Condition, which is not an object")
            return ()
        compiled: list[Condition] = []
        for operator, keys in block.items():
            if not isinstance(keys, Mapping):
                self.problems.append(f"the condition {operator!r}, which is not an object")
                continue
            for key, values in keys.items():
                try:
                    compiled.append(self._condition(operator, key, values))
                except NotUnderstoodError as problem:
                    self.problems.append(str(problem))
        return tuple(compiled)

    def _condition(self, operator: str, key: str, values: object) -> Condition:
        if self.kind is PolicyKind.KEY and key.lower().startswith(NOT_IN_KEY_POLICIES):
            raise NotUnderstoodError(f"the condition key {key!r}, which is not permitted in a key policy")
        return compile_condition(operator, key, _condition_values(key, values), variables=self.variables)

    def _element(self, name: str) -> tuple[str | None, Sequence[str]]:
        """Which of `name` and `Not`+`name` is there, and its values as a list of strings."""
        present = [candidate for candidate in (name, f"Not{name}") if candidate in self.content]
        if not present and self.kind is PolicyKind.KEY:
            self.inert = True
            return None, ()
        if len(present) != 1:
            self.problems.append(f"the statement, which needs one of {name} and Not{name}")
            return None, ()
        values = self.content[present[0]]
        listed = values if isinstance(values, list) else [values]
        texts = [value for value in listed if type(value) is str]
        if not listed or len(texts) < len(listed):
            self.problems.append(f"the {present[0]}, which is not a string or a list of strings")
            return None, ()
        return present[0], texts


def _condition_values(key: str, values: object) -> tuple[str, ...]:
    """A condition's values as text: strings, and JSON's numbers and booleans, which AWS takes as their text."""
    listed = values if isinstance(values, list) else [values]
    texts = []
    for value in listed:
        if isinstance(value, bool):
            texts.append("true" if value else "false")
        elif isinstance(value, (str, JsonNumber)):
            texts.append(str(value))
        else:
            raise NotUnderstoodError(f"the values of the condition key {key!r}")
    if not texts:
        raise NotUnderstoodError(f"the condition key {key!r}, which has no values")
    return tuple(texts)
