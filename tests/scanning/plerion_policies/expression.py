"""Reads what checkov leaves of an expression that it could not evaluate.

checkov renders `jsonencode({ AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" })` to a text
that is neither JSON nor Python:
`jsonencode({'AWS': 'arn:aws:iam::'data.aws_caller_identity.current.account_id':root'})`.
The structure is still there, and so is every literal. This reader keeps both and marks the rest as unknown, by writing
it as an interpolation, `${...}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<opening>\$\{)
      | (?P<mark>=>|==|!=|<=|>=|&&|\|\||[{}\[\](),:=?])
      | (?P<word>[^\s{}\[\](),:=?'"]+)
    )""",
    re.VERBOSE,
)
LITERALS: dict[str, Any] = {"True": True, "true": True, "False": False, "false": False, "None": None, "null": None}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
CLOSING = {"{": "}", "[": "]", "(": ")", "${": "}"}


class ExpressionError(ValueError):
    """The text has no structure that this reader knows."""


def parse(text: str) -> Any:
    """The value of an expression: dicts, lists, strings, numbers, booleans, None.

    A string that is not known as a whole holds `${...}` where the unknown part is. Raises ExpressionError.
    """
    reader = _Reader(_tokens(text))
    value = reader.value()
    if not reader.at_end:
        raise ExpressionError(f"'{reader.peek()}' is not expected there")
    return value


def _tokens(text: str) -> list[str]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(f"'{text[position : position + 20]}' cannot be read")
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


def _joined(parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    # '' around a reference is what checkov makes of a quoted template.
    return "".join(part if isinstance(part, str) else _unknown(repr(part)) for part in parts)


def _unknown(text: str) -> str:
    return f"${{{text}}}"


def _merged(arguments: list[Any]) -> Any:
    return {key: value for argument in arguments if isinstance(argument, dict) for key, value in argument.items()}


def _concatenated(arguments: list[Any]) -> Any:
    return [item for argument in arguments if isinstance(argument, list) for item in argument]


def _first(arguments: list[Any]) -> Any:
    return arguments[0] if arguments else None


FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    **dict.fromkeys(("jsonencode", "jsondecode", "tolist", "toset", "tomap", "tostring", "try", "coalesce"), _first),
    **dict.fromkeys(("concat", "setunion"), _concatenated),
    **dict.fromkeys(("flatten", "compact", "distinct"), _first),
    "merge": _merged,
}


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._tokens)

    def peek(self, ahead: int = 0) -> str:
        position = self._position + ahead
        return self._tokens[position] if position < len(self._tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if self.at_end or (wanted is not None and token != wanted):
            raise ExpressionError(f"'{wanted}' is expected and '{token}' is there")
        self._position += 1
        return token

    def value(self) -> Any:
        """One value; what stands beside it without a comma is part of the same template."""
        parts: list[Any] = []
        while not self.at_end and self.peek() not in {"}", "]", ")", ",", ":", "=", "=>"}:
            if self.peek() == "?":
                return self._choice(parts)
            parts.append(self._part())
        if not parts:
            raise ExpressionError("a value is missing")
        return _joined(parts)

    def _part(self) -> Any:
        first = self.take()
        match first:
            case "{":
                return self._object()
            case "[":
                return self._list()
            case "(" | "${":
                return self._within(first)
        if first[0] in "\"'":
            return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), first[1:-1])
        if self.peek() == "(":
            return self._call(first)
        if first in LITERALS:
            return LITERALS[first]
        return int(first) if first.isdecimal() else self._reference(first)

    def _call(self, name: str) -> Any:
        self.take("(")
        arguments = self._items(")")
        function = FUNCTIONS.get(name)
        return function(arguments) if function else _unknown(f"{name}()")

    def _reference(self, token: str) -> str:
        while self.peek() == "[":
            self.take("[")
            self._skip_to("]")
            self.take("]")
        return _unknown(token)

    def _within(self, opening: str) -> Any:
        value = self.value()
        self._skip_to(CLOSING[opening])
        self.take(CLOSING[opening])
        return value

    def _choice(self, condition: list[Any]) -> Any:
        self.take("?")
        self.value()
        self.take(":")
        self.value()
        return _unknown(f"{_joined(condition) if condition else ''} ? :")

    def _object(self) -> Any:
        if self.peek() == "for":
            self._skip_to("}")
            self.take("}")
            return _unknown("for")
        result: dict[str, Any] = {}
        while self.peek() != "}":
            key = self.value()
            if self.take() not in {":", "="}:
                raise ExpressionError(f"'{key}' has no value")
            # A bare word before the equals sign is a name, not a reference.
            name = key[2:-1] if isinstance(key, str) and re.fullmatch(r"\$\{\w+\}", key) else str(key)
            result[name] = self.value()
            if self.peek() == ",":
                self.take()
        self.take("}")
        return result

    def _list(self) -> Any:
        if self.peek() == "for":
            # One element stands for all that the loop makes.
            self._skip_to(":")
            self.take(":")
            body = self.value()
            self._skip_to("]")
            self.take("]")
            return [body]
        return self._items("]")

    def _items(self, closing: str) -> list[Any]:
        items = []
        while self.peek() != closing:
            items.append(self.value())
            if self.peek() == ",":
                self.take()
        self.take(closing)
        return items

    def _skip_to(self, wanted: str) -> None:
        depth = 0
        while depth or self.peek() != wanted:
            token = self.take()
            depth += (token in CLOSING) - (token in CLOSING.values())
