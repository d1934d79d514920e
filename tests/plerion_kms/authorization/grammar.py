"""The grammar of policy documents: which parts a document and a statement have.

Documents are read through this module alone, by the compiler (documents.py) and by the checks of AWS's APIs
(validation.py). They decide what follows from a part that breaks the grammar.

Source: IAM user guide "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

VERSIONS = ("2008-10-17", "2012-10-17")
_ELEMENTS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)


def as_list(value: Any) -> list[Any]:
    """A value that may stand alone or in a list, as a list."""
    return value if isinstance(value, list) else [value]


def strings(value: object) -> list[str] | None:
    """The strings of a string or a list of strings; None for anything else. A JsonNumber is no string."""
    values = as_list(value)
    found = [each for each in values if type(each) is str]
    return found if len(found) == len(values) else None


def condition_values(value: object) -> list[str] | None:
    """The values of a condition as text: strings, and JSON's numbers and booleans, which AWS reads as their text. None
    if another value is among them."""
    texts = []
    for each in as_list(value):
        if isinstance(each, bool):
            texts.append("true" if each else "false")
        elif isinstance(each, str):  # a JsonNumber is one
            texts.append(str(each))
        else:
            return None
    return texts


def principals(value: object) -> list[tuple[str, list[str] | None]] | None:
    """The kinds of a Principal or NotPrincipal element (`AWS`, `Service`, ...), each with its names; None for names
    that are not strings, and for a value that is neither `*` nor an object."""
    if value == "*":
        return [("AWS", ["*"])]
    if not isinstance(value, Mapping):
        return None
    return [(kind, strings(names)) for kind, names in value.items()]


@dataclass(frozen=True, slots=True)
class Element:
    """An element that has a complement, under the name that the statement gives it: `Action` or `NotAction`."""

    name: str
    value: object

    @property
    def complement(self) -> bool:
        """Whether it is the complement."""
        return self.name.startswith("Not")


@dataclass(frozen=True, slots=True)
class StatementSource:
    """A statement's JSON object."""

    members: Mapping[str, object]

    def unknown_elements(self) -> list[str]:
        """The names that are no element's."""
        return [name for name in self.members if name not in _ELEMENTS]

    def sid(self) -> str | None:
        """The Sid, empty if there is none; None if it is not a string."""
        sid = self.members.get("Sid", "")
        return sid if type(sid) is str else None

    def allow(self) -> bool | None:
        """Whether the effect is Allow; None if it is neither Allow nor Deny."""
        return {"Allow": True, "Deny": False}.get(str(self.members.get("Effect")))

    def elements(self, name: str) -> list[Element]:
        """The element of that name and its complement, as far as the statement has them."""
        return [Element(form, self.members[form]) for form in (name, f"Not{name}") if form in self.members]

    def conditions(self) -> list[tuple[str, Mapping[str, object] | None]] | None:
        """The condition operators, each with its keys; None for keys, or a Condition, that are not an object."""
        block = self.members.get("Condition", {})
        if not isinstance(block, Mapping):
            return None
        return [(operator, keys if isinstance(keys, Mapping) else None) for operator, keys in block.items()]


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """A document's JSON object."""

    members: Mapping[str, object]

    def unknown_elements(self, known: Iterable[str] = ("Version", "Id", "Statement")) -> list[str]:
        """The names that are no element's. known: the elements of documents of the kind."""
        return [name for name in self.members if name not in known]

    def version(self) -> object:
        """The version, 2008-10-17 if there is none."""
        return self.members.get("Version", VERSIONS[0])

    def variables(self) -> bool | None:
        """Whether the version has policy variables; None if AWS has no such version."""
        version = self.version()
        return version == VERSIONS[1] if version in VERSIONS else None

    def statements(self) -> list[StatementSource] | None:
        """The statements; None unless Statement is an object or a list of objects, at least one."""
        listed = as_list(self.members.get("Statement"))
        found = [StatementSource(statement) for statement in listed if isinstance(statement, Mapping)]
        return found if found and len(found) == len(listed) else None
