"""HCL taken apart: blocks and attributes of a file, and each expression as a tree of tokens. Nothing is evaluated here.

Native syntax and JSON syntax give the same bodies. Source: HashiCorp, "HCL Native Syntax Specification" and "HCL JSON
Syntax Specification".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

BLANK = re.compile(r"(?:[ \t\r]+|\\\n|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
PLAIN = re.compile(r"[^\W\d][\w-]*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\.\.|=>|==|!=|<=|>=|&&|\|\||::|[-+*/%!<>=?:,.]|\n")
HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)[ \t\r]*\n")
NAME = re.compile(r"[^\W\d][\w-]*")
CLOSING = {"{": "}", "[": "]", "(": ")"}
TEMPLATE_OPENINGS = ("${", "%{")


class HclError(ValueError):
    """The text is not HCL."""


@dataclass(frozen=True)
class Group:
    """What stands in brackets. `opening` is one of { [ (."""

    opening: str
    nodes: list[Node]

    @property
    def closing(self) -> str:
        """The bracket that ends it."""
        return CLOSING[self.opening]


@dataclass(frozen=True)
class Insertion:
    """An interpolation (`${`) or a directive (`%{`) of a template, with the marks that trim white space."""

    opening: str
    nodes: list[Node]
    trim_before: bool
    trim_after: bool


@dataclass(frozen=True)
class Template:
    """A quoted string or a heredoc. Literal parts are as they are written; `indented` marks `<<-`."""

    parts: list[str | Insertion]
    heredoc: str = ""
    indented: bool = False


type Node = str | Group | Template


@dataclass
class Body:
    """Attributes as expressions, and nested blocks, in their order."""

    attributes: dict[str, list[Node]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def of(self, type_: str) -> Iterator[Block]:
        """The nested blocks of a type."""
        return (block for block in self.blocks if block.type == type_)


@dataclass
class Block:
    """A block. line: where it opens, from 1."""

    type: str
    labels: tuple[str, ...]
    body: Body
    line: int


def parse(text: str) -> Body:
    """The body that native syntax makes. Raises HclError."""
    return _Scanner(text.removeprefix("\ufeff")).body("")


def expression(text: str) -> list[Node]:
    """An expression in native syntax. Raises HclError."""
    scanner = _Scanner(text)
    return scanner.nodes("")


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _error(self, what: str) -> HclError:
        return HclError(f"line {self._line()}: {what}")

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _skip(self, newlines: bool = False) -> None:
        while match := BLANK.match(self._text, self._at):
            self._at = match.end()
        if newlines and self._text.startswith("\n", self._at):
            self._at += 1
            self._skip(newlines)

    def body(self, closing: str) -> Body:
        body = Body()
        while True:
            self._skip(newlines=True)
            if self._at >= len(self._text) or (closing and self._text.startswith(closing, self._at)):
                if closing and self._at >= len(self._text):
                    raise self._error("a block has no end")
                self._at += len(closing)
                return body
            self._item(body)

    def _item(self, body: Body) -> None:
        line = self._line()
        match = NAME.match(self._text, self._at)
        if match is None:
            raise self._error("a name is expected")
        self._at = match.end()
        labels: list[str] = []
        while True:
            self._skip()
            following = self._text[self._at : self._at + 1]
            if following == "=":
                self._at += 1
                body.attributes[match[0]] = self.nodes("\n")
                return
            if following == "{":
                self._at += 1
                body.blocks.append(Block(match[0], tuple(labels), self.body("}"), line))
                return
            if following == '"':
                labels.append("".join(part for part in self._quoted().parts if isinstance(part, str)))
            elif label := NAME.match(self._text, self._at):
                labels.append(label[0])
                self._at = label.end()
            else:
                raise self._error(f"'{match[0]}' is neither an attribute nor a block")

    def nodes(self, closing: str) -> list[Node]:
        """Nodes up to `closing`, which is taken too; an attribute may also end with a bracket or with the text."""
        found: list[Node] = []
        while True:
            self._skip()
            if self._at >= len(self._text):
                if closing in ("", "\n"):
                    return found
                raise self._error(f"'{closing}' is missing")
            here = self._text[self._at]
            if closing and self._text.startswith(closing, self._at):
                self._at += len(closing)
                return found
            if closing == "\n" and here == "}":
                return found
            found.append(self._node(here))

    def _node(self, here: str) -> Node:
        if here in CLOSING:
            self._at += 1
            return Group(here, self.nodes(CLOSING[here]))
        if here == '"':
            return self._quoted()
        if heredoc := HEREDOC.match(self._text, self._at):
            self._at = heredoc.end()
            return self._heredoc(heredoc[2], bool(heredoc[1]))
        match = PLAIN.match(self._text, self._at)
        if match is None:
            raise self._error(f"'{here}' is not expected")
        self._at = match.end()
        return match[0]

    def _quoted(self) -> Template:
        self._at += 1
        return Template(self._parts('"'))

    def _heredoc(self, word: str, indented: bool) -> Template:
        end = re.compile(rf"^[ \t]*{re.escape(word)}[ \t\r]*$", re.MULTILINE).search(self._text, self._at)
        if end is None:
            raise self._error(f"the heredoc {word} has no end")
        within = _Scanner(self._text[self._at : end.start()])
        self._at = end.end()
        return Template(within._parts(""), word, indented)

    def _parts(self, closing: str) -> list[str | Insertion]:
        """The parts of a template; `closing` is the quote, or nothing in a heredoc, which knows no backslash."""
        parts: list[str | Insertion] = []
        literal = ""
        while self._at < len(self._text):
            here = self._text[self._at]
            pair = self._text[self._at : self._at + 2]
            if closing and here == closing:
                self._at += 1
                return [*parts, literal] if literal else parts
            if self._text.startswith(("$${", "%%{"), self._at):
                literal += self._text[self._at : self._at + 3]
                self._at += 3
            elif pair in TEMPLATE_OPENINGS:
                parts += [literal] if literal else []
                literal = ""
                parts.append(self._sequence(pair))
            elif closing and here == "\\":
                literal += pair
                self._at += 2
            elif closing and here == "\n":
                raise self._error("a string has no end")
            else:
                literal += here
                self._at += 1
        if closing:
            raise self._error("a string has no end")
        return [*parts, literal] if literal else parts

    def _sequence(self, opening: str) -> Insertion:
        self._at += 2
        trim_before = self._text.startswith("~", self._at)
        self._at += trim_before
        nodes: list[Node] = []
        while True:
            self._skip(newlines=True)
            if self._text.startswith("~}", self._at) or self._text.startswith("}", self._at):
                trim_after = self._text.startswith("~", self._at)
                self._at += 1 + trim_after
                return Insertion(opening, nodes, trim_before, trim_after)
            if self._at >= len(self._text):
                raise self._error("an interpolation has no end")
            nodes.append(self._node(self._text[self._at]))


# The labels that each type of block has.
LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1}
META = ("lifecycle", "provisioner", "connection")


def parse_json(text: str) -> Body:
    """The body that JSON syntax makes; nested blocks are told from attributes by their use. Raises HclError."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise HclError(str(error)) from error
    if not isinstance(document, dict):
        raise HclError("a JSON object is expected")
    body = Body()
    for type_, value in document.items():
        for labels, content in _labelled(value, LABELS.get(type_, 0)):
            line = _line_of(text, labels[-1] if labels else type_)
            body.blocks.append(Block(type_, labels, _json_body(content), line))
    return body


def _line_of(text: str, name: str) -> int:
    return text.count("\n", 0, max(text.find(f'"{name}"'), 0)) + 1


def _labelled(value: Any, labels: int) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(value, list):
        for item in value:
            yield from _labelled(item, labels)
    elif isinstance(value, dict):
        if not labels:
            yield (), value
            return
        for name, inner in value.items():
            for rest, content in _labelled(inner, labels - 1):
                yield (name, *rest), content


# What is a block where JSON cannot tell: the nested blocks of the types that hold policies.
NESTED = ("statement", "principals", "not_principals", "condition", "inline_policy", "default_tags", "content")


def _json_body(content: dict[str, Any]) -> Body:
    body = Body()
    for name, value in content.items():
        if name == "dynamic":
            for labels, inner in _labelled(value, 1):
                body.blocks.append(Block("dynamic", labels, _json_body(inner), 0))
        elif name in NESTED and isinstance(value, dict | list):
            for _, inner in _labelled(value, 0):
                body.blocks.append(Block(name, (), _json_body(inner), 0))
        elif name != "//":
            body.attributes[name] = [json_node(value)]
    return body


def json_node(value: Any) -> Node:
    """The expression that a JSON value stands for: strings are templates."""
    if isinstance(value, str):
        return _template(value)
    if isinstance(value, dict):
        items: list[Node] = []
        for name, item in value.items():
            items += [Group("(", [_template(name)]), "=", json_node(item), ","]
        return Group("{", items)
    if isinstance(value, list):
        return Group("[", [node for item in value for node in (json_node(item), ",")])
    return Group("(", ["-", str(-value)]) if isinstance(value, int | float) and value < 0 else json.dumps(value)


def _template(text: str) -> Node:
    parts: list[str | Insertion] = _Scanner(text)._parts("")
    if len(parts) == 1 and isinstance(parts[0], Insertion) and parts[0].opening == "${":
        return Group("(", parts[0].nodes)
    return Template([json.dumps(part, ensure_ascii=False)[1:-1] if isinstance(part, str) else part for part in parts])


def source_of(nodes: Sequence[Node]) -> str:
    """The nodes as a short text, to name them to a person."""
    return "".join(map(_source, nodes)).replace("\n", " ")


def _source(node: Node) -> str:
    match node:
        case Group():
            return f"{node.opening}{source_of(node.nodes)}{node.closing}"
        case Template():
            return '"' + "".join(
                part if isinstance(part, str) else f"{part.opening}{source_of(part.nodes)}}}" for part in node.parts
            ) + '"'  # fmt: skip
    return f" {node} " if node in ("?", ":", "=", "==", "!=", "for", "in", "if", "&&", "||", "=>") else node
