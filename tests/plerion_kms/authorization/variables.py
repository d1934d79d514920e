"""Policy variables: `${aws:username}`, with a default `${aws:username, 'nobody'}`, and `${*}`, `${?}`, `${$}`.

Source: IAM user guide "IAM policy elements: Variables and tags"; RULES.md "Variables".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plerion_kms.authorization.context_keys import MULTIVALUED, check_known
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.patterns import Part
from plerion_kms.authorization.request import ContextValue

_LITERALS = ("*", "?", "$")


@dataclass(frozen=True, slots=True)
class Variable:
    """A context key whose value is put in, and the text for a request without it (None: no default)."""

    key: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A text of a policy: its plain parts and the variables between them."""

    parts: tuple[Part | Variable, ...]

    @property
    def is_plain(self) -> bool:
        """Whether there is no variable in it."""
        return not any(isinstance(part, Variable) for part in self.parts)

    def variables(self) -> set[str]:
        """The keys of its variables."""
        return {part.key for part in self.parts if isinstance(part, Variable)}

    def plain_parts(self) -> list[Part]:
        """The parts that are no variables."""
        return [part for part in self.parts if not isinstance(part, Variable)]

    def resolve(self, lookup: Callable[[str], ContextValue | None]) -> list[Part] | None:
        """The text with values put in, or None where a variable has neither value nor default.

        Wildcards that come with a value are plain characters (inferred: a caller who chooses a tag value must not widen
        a policy). Raises UnsupportedError for a variable whose key holds several values.
        """
        resolved: list[Part] = []
        for part in self.parts:
            if not isinstance(part, Variable):
                resolved.append(part)
                continue
            value = lookup(part.key)
            if value is None:
                value = part.default
            if value is None:
                return None
            if not isinstance(value, str):
                raise UnsupportedError(f"the policy variable ${{{part.key}}}, whose key holds several values")
            resolved.append((value, False))
        return resolved


def parse_template(text: str, *, variables: bool | None) -> Template:
    """Parse a text of a policy. `variables` is False for the policy versions that have none: `${` is then plain text.
    None: the version is unsupported, so that it may have some.

    Raises UnsupportedError for a variable that is not closed, whose key is not known, or that may be none.
    """
    if variables is False or "${" not in text:
        return Template(((text, True),))
    if variables is None:
        raise UnsupportedError(f"the policy variable in {text!r}")
    parts: list[Part | Variable] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = text.find("}", start)
        if end < 0:
            raise UnsupportedError(f"the policy variable in {text!r}, which is not closed")
        if start > position:
            parts.append((text[position:start], True))
        parts.append(_parse_variable(text[start + 2 : end]))
        position = end + 1
    if position < len(text):
        parts.append((text[position:], True))
    return Template(tuple(parts))


def _parse_variable(inside: str) -> Part | Variable:
    if inside in _LITERALS:
        return (inside, False)
    key, comma, rest = inside.partition(",")
    default: str | None = None
    if comma:
        quoted = rest.strip()
        if len(quoted) < 2 or quoted[0] != "'" or quoted[-1] != "'":
            raise UnsupportedError(f"the default of the policy variable ${{{inside}}}")
        default = quoted[1:-1]
    key = key.strip()
    check_known(key)
    if key.lower() in MULTIVALUED:
        raise UnsupportedError(f"the policy variable ${{{key}}}, whose key holds several values")
    return Variable(key, default)
