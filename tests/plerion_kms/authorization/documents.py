"""Policy documents: each parsed and compiled once, and reused by every decision.

Source: IAM user guide "IAM JSON policy elements reference", "Grammar of the IAM JSON policy language"; RULES.md
"Policy language".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from threading import Lock
from typing import Protocol

from plerion_kms.authorization.actions import Actions, compile_actions
from plerion_kms.authorization.conditions import Condition, Unsupported, compile_condition
from plerion_kms.authorization.context_keys import NOT_IN_KEY_POLICIES
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.grammar import DocumentSource, StatementSource, condition_values, strings
from plerion_kms.authorization.json_text import parse_json
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.principals import Principals, compile_principals
from plerion_kms.authorization.resources import Resources, compile_resources

_WITH_PRINCIPAL = (PolicyKind.KEY, PolicyKind.TRUST, PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT)
_WITH_NOT_PRINCIPAL = (PolicyKind.KEY, PolicyKind.ENDPOINT)
_STAR_COVERS_SERVICES = (PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT)
"""Kinds whose `*` means AWS services too: RCPFullAWSAccess, which no account can detach, is all that allows them there
(AWS Organizations user guide "Resource control policies"). Key policies: `unknowns.STAR_PRINCIPAL_COVERS_SERVICES`."""


_ACTIONS_KEPT = 256
"""For how many actions a document remembers its statements: KMS has about 60, so that only a flood of made-up names
gets this far."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    label: its Sid, or `statement N` counted from 1; empty for a document that cannot be read at all. allow: its effect.
    actions, resources, principals: None where the element does not narrow the statement: it is missing, or unsupported.
    conditions: all of them, and every unsupported part: a request that the rest covers may be meant or not.
    inert: a key policy's statement without Action or Resource, which KMS once accepted and which has no effect.
    """

    label: str
    allow: bool
    actions: Actions | None = None
    resources: Resources | None = None
    principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()
    inert: bool = False

    def context_keys(self) -> set[str]:
        """The context keys that it reads, in its conditions and its variables."""
        keys = {key for condition in self.conditions for key in condition.reads()}
        return keys | (self.resources.variables() if self.resources else set())


@dataclass(frozen=True, slots=True)
class Document:
    """A compiled document. problem: why it could not be read at all; it is then read as an Allow and a Deny of
    everything, both unsupported."""

    statements: tuple[Statement, ...] = ()
    problem: str | None = None
    _by_action: dict[str, tuple[Statement, ...]] = field(default_factory=dict, repr=False, compare=False)

    def about(self, action: str) -> tuple[Statement, ...]:
        """The statements that cover an action, given in lower case, as far as their Action element goes."""
        found = self._by_action.get(action)
        if found is None:
            if len(self._by_action) >= _ACTIONS_KEPT:
                self._by_action.clear()
            found = self._by_action[action] = tuple(
                statement
                for statement in self.statements
                if not statement.inert and (statement.actions is None or statement.actions.match(action))
            )
        return found


def unsupported_document(problem: str) -> Document:
    """A document of which nothing can be read; `problem` says why."""
    unsupported = (Unsupported(problem),)
    return Document(tuple(Statement("", allow, conditions=unsupported) for allow in (True, False)), problem)


def compile_document(text: str, kind: PolicyKind) -> Document:
    """Compile a policy's JSON text. Never raises: what is unsupported becomes a part of the statement that it is in, or
    of every statement, or of the whole document."""
    try:
        return _compile_document(parse_json(text), kind)
    except UnsupportedError as problem:
        return unsupported_document(str(problem))


def _compile_document(content: object, kind: PolicyKind) -> Document:
    if not isinstance(content, Mapping):
        raise UnsupportedError("the document, which is not a JSON object")
    source = DocumentSource(content)
    problems = [f"the element {element!r} of the document" for element in source.unknown_elements()]
    variables = source.variables()
    if variables is None:
        problems.append(f"the version {source.version()!r} of the document")
    statements = source.statements()
    if statements is None:
        problems = problems or ["the document, which has no Statement that is an object or a list of objects"]
        raise UnsupportedError("; ".join(problems))
    return Document(
        tuple(
            compiled
            for number, statement in enumerate(statements, 1)
            for compiled in _Compiler(statement, kind, variables, problems).statements(number)
        )
    )


type _Alternatives[Element] = list[tuple[Element, list[str]]]
"""An element of a statement, with what is unsupported in it. More than one: the statement is compiled to as many
statements, each with one of them."""


class _Compiler:
    """Compiles the elements of one statement and collects what is unsupported. problems: what is unsupported in the
    document around it."""

    def __init__(
        self, source: StatementSource, kind: PolicyKind, variables: bool | None, problems: Iterable[str]
    ) -> None:
        self.source = source
        self.kind = kind
        self.variables = variables
        self.unknown = [f"the element {name!r}" for name in source.unknown_elements()]
        self.problems = [*problems, *self.unknown]
        if source.sid() is None:
            self.problems.append("the Sid, which is not a string")

    def statements(self, number: int) -> Iterable[Statement]:
        """The statement, and what else it may be."""
        label = self.source.sid() or f"statement {number}"
        principals, of_principals = self.principals()
        conditions = self.conditions()
        for (allow, of_effect), (actions, of_actions), (resources, of_resources) in product(
            self.effects(), self.actions(), self.resources()
        ):
            unsupported = (*self.problems, *of_effect, *of_actions, *of_resources, *of_principals)
            yield Statement(
                label,
                allow,
                actions,
                resources,
                principals,
                (*(Unsupported(what) for what in unsupported), *conditions),
                self.inert(),
            )

    def inert(self) -> bool:
        """Whether it is a key policy's statement that lacks Action or Resource, unless an unknown element may be it."""
        lacks = not all(self.source.elements(name) for name in ("Action", "Resource"))
        return self.kind is PolicyKind.KEY and not self.unknown and lacks

    def effects(self) -> _Alternatives[bool]:
        allow = self.source.allow()
        if allow is None:
            problem = [f"the Effect {self.source.members.get('Effect')!r}"]
            return [(True, problem), (False, problem)]
        return [(allow, [])]

    def actions(self) -> _Alternatives[Actions | None]:
        return self._element("Action", compile_actions)

    def resources(self) -> _Alternatives[Resources | None]:
        if self.kind is PolicyKind.TRUST:
            # A trust policy is attached to its role: naming a resource is an error.
            return [(None, [f"the element {element.name!r}" for element in self.source.elements("Resource")])]
        return self._element("Resource", partial(compile_resources, kind=self.kind, variables=self.variables))

    def principals(self) -> tuple[Principals | None, list[str]]:
        present = self.source.elements("Principal")
        if self.kind not in _WITH_PRINCIPAL:
            return None, [f"the element {element.name!r}" for element in present]
        if len(present) != 1:
            return None, ["the statement, which needs one of Principal and NotPrincipal"]
        element = present[0]
        problems: list[str] = []
        if element.complement and (self.kind not in _WITH_NOT_PRINCIPAL or self.source.allow() is not False):
            # "Not supported" with Allow: IAM user guide "AWS JSON policy elements: NotPrincipal".
            problems.append("the element 'NotPrincipal'")
        try:
            return compile_principals(
                element.value,
                complement=element.complement,
                providers=self.kind is PolicyKind.TRUST,
                star_covers_services=self.kind in _STAR_COVERS_SERVICES,
            ), problems
        except UnsupportedError as problem:
            return None, [*problems, str(problem)]

    def conditions(self) -> list[Condition]:
        operators = self.source.conditions()
        if operators is None:
            return [Unsupported("the Condition, which is not an object")]
        compiled: list[Condition] = []
        for operator, keys in operators:
            if keys is None:
                compiled.append(Unsupported(f"the condition {operator!r}, which is not an object"))
                continue
            for key, values in keys.items():
                try:
                    compiled.append(self._condition(operator, key, values))
                except UnsupportedError as problem:
                    compiled.append(Unsupported(str(problem)))
        return compiled

    def _condition(self, operator: str, key: str, values: object) -> Condition:
        if self.kind is PolicyKind.KEY and key.lower().startswith(NOT_IN_KEY_POLICIES):
            raise UnsupportedError(f"the condition key {key!r}, which is not permitted in a key policy")
        texts = condition_values(values)
        if texts is None:
            raise UnsupportedError(f"the values of the condition key {key!r}")
        if not texts:
            raise UnsupportedError(f"the condition key {key!r}, which has no values")
        return compile_condition(operator, key, tuple(texts), variables=self.variables)

    def _element[Element](self, name: str, compile_values: _Compile[Element]) -> _Alternatives[Element | None]:
        """Action or Resource, or its `Not`. A value that cannot be read may be any: one among others becomes a
        statement of its own, or, in a `Not` element, may exclude anything."""
        present = self.source.elements(name)
        if len(present) != 1:
            return [(None, [f"the statement, which needs one of {name} and Not{name}"])]
        element = present[0]
        texts = strings(element.value)
        if not texts:
            return [(None, [f"the {element.name}, which is not a string or a list of strings"])]
        try:
            return [(compile_values(texts, complement=element.complement), [])]
        except UnsupportedError:
            readable, problems = _readable(texts, lambda text: compile_values([text], complement=element.complement))
        compiled = compile_values(readable, complement=element.complement) if readable else None
        if element.complement or compiled is None:
            return [(compiled, problems)]
        return [(compiled, []), (None, problems)]


class _Compile[Element](Protocol):
    def __call__(self, values: Sequence[str], *, complement: bool) -> Element: ...


def _readable(values: Iterable[str], compile_value: Callable[[str], object]) -> tuple[list[str], list[str]]:
    """The values that can be compiled, and what is wrong with the others."""
    readable, problems = [], []
    for value in values:
        try:
            compile_value(value)
            readable.append(value)
        except UnsupportedError as problem:
            problems.append(str(problem))
    return readable, problems


MAX_CACHED_CHARACTERS = 1 << 25
"""How much text the compiled documents that are kept may have together: 10,000 policies of 3,300 characters. A compiled
document takes about 17 bytes of memory for each character."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A named, compiled document, as `parse_policy` makes it."""

    name: str
    kind: PolicyKind
    document: Document = field(
        default=unsupported_document("the policy, which was not made from a document"), repr=False
    )


def parse_policy(text: str, kind: PolicyKind, name: str) -> Policy:
    """Compile `text` (JSON). Never raises: what is unsupported is kept as such, and a decision that depends on it is
    undecided and names it. Compiled documents are cached by text and kind."""
    return Policy(name, kind, _CACHE.get(text, kind) if isinstance(text, str) else compile_document(text, kind))


class Cache:
    """Compiled documents by their text and kind; the oldest go first. Safe for threads. size: how many characters their
    texts may have together."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._documents: dict[tuple[str, PolicyKind], Document] = {}
        self._lock = Lock()

    def get(self, text: str, kind: PolicyKind) -> Document:
        """The document, compiled now if it is not kept."""
        key = (text, kind)
        document = self._documents.get(key)
        if document is not None:
            return document
        document = compile_document(text, kind)
        with self._lock:
            if key not in self._documents:
                self._documents[key] = document
                self._used += len(text)
            while self._used > self._size:
                oldest = next(iter(self._documents))
                del self._documents[oldest]
                self._used -= len(oldest[0])
        return document

    def cache_clear(self) -> None:
        """Keep nothing, as `cache_clear` of functools.lru_cache does."""
        with self._lock:
            self._documents.clear()
            self._used = 0


_CACHE = Cache(MAX_CACHED_CHARACTERS)
