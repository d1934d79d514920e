"""What a folder of Terraform files declares: its inputs, outputs, resources, module calls and requirements.

Read with tree-sitter's HCL grammar, which parses every expression that Terraform does and keeps the source text.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import tree_sitter_hcl
from tree_sitter import Language, Node, Parser

from harness.errors import HarnessError

OPENING, CLOSING = ("(", "[", "{", ","), (")", "]", "}")
BANNER = re.compile(r"^#{3,}\n# (.+)\n#{3,}$", re.MULTILINE)
"""A title between two lines of signs, which begins a section of a file."""


@dataclass(frozen=True)
class Variable:
    """An input. type and default are source text on one line; default is None if the input is required.

    section: the title of the section of its file that it is in; empty if the file has no sections.
    """

    name: str
    description: str
    type: str
    default: str | None
    section: str = ""


@dataclass(frozen=True)
class Output:
    """An output."""

    name: str
    description: str


@dataclass(frozen=True)
class Declarations:
    """What a folder declares, in the order of its files and their lines.

    requirements: `terraform` and the providers' names -> version constraint. modules: name -> source.
    resources: `type.name` -> `resource` or `data source`.
    """

    requirements: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    """A block.

    heading: its type and labels. attributes: its own, as source text without comments. blocks: those in it.
    start, end: its first and last line, counted from 1.
    """

    heading: tuple[str, ...]
    attributes: dict[str, str]
    blocks: tuple[Block, ...]
    start: int
    end: int


def read_folder(folder: Path) -> Declarations:
    """The declarations of the folder's own `*.tf` files. Raises HarnessError for a file that does not parse."""
    found = Declarations()
    for block in _blocks(folder):
        _declare(found, block)
    return found


def blocks(folder: Path) -> Iterator[tuple[list[str], str]]:
    """The type and labels of each block at the top of the folder's files, and its text without comments."""
    return ((_heading(block), _without_comments(block)) for block in _blocks(folder))


def read_file(path: Path) -> tuple[Block, ...]:
    """The blocks of one file, those in them included. Raises HarnessError for a file that does not parse."""
    return tuple(_block(block) for block in _blocks_of(path))


def _block(node: Node) -> Block:
    inner = (child for body in _children(node, "body") for child in _children(body, "block"))
    attributes = {name: _without_comments(value) for name, value in _attributes(node).items()}
    start, end = node.start_point.row + 1, node.end_point.row + 1
    return Block(tuple(_heading(node)), attributes, tuple(map(_block, inner)), start, end)


def _blocks(folder: Path) -> Iterator[Node]:
    for path in sorted(folder.glob("*.tf")):
        yield from _blocks_of(path)


def _blocks_of(path: Path) -> Iterator[Node]:
    root = _parser().parse(path.read_bytes()).root_node
    if root.has_error:
        raise HarnessError(f"{path} is not HCL that parses: see what 'terraform fmt {path.name}' says about it.")
    for body in _children(root, "body"):
        yield from _children(body, "block")


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_hcl.language()))


def _declare(found: Declarations, block: Node) -> None:
    kind, *labels = _heading(block)
    attributes = _attributes(block)
    if kind == "variable":
        description, type_ = _string(attributes.get("description")), _one_line(attributes.get("type"))
        default = _one_line(attributes["default"]) if "default" in attributes else None
        found.variables.append(Variable(labels[0], description, type_ or "any", default, _section(block)))
    elif kind == "output":
        found.outputs.append(Output(labels[0], _string(attributes.get("description"))))
    elif kind == "module":
        found.modules[labels[0]] = _string(attributes.get("source"))
    elif kind in ("resource", "data"):
        found.resources[".".join(labels)] = "resource" if kind == "resource" else "data source"
    elif kind == "terraform":
        _declare_requirements(found, block, attributes)


def _declare_requirements(found: Declarations, block: Node, attributes: dict[str, Node]) -> None:
    if "required_version" in attributes:
        found.requirements["terraform"] = _string(attributes["required_version"])
    for body in _children(block, "body"):
        for inner in _children(body, "block"):
            if _heading(inner) != ["required_providers"]:
                continue
            for name, value in _attributes(inner).items():
                version = re.search(r'\bversion\s*=\s*("[^"]*")', _text(value))
                found.requirements[name] = json.loads(version.group(1)) if version else ""


def _section(block: Node) -> str:
    """The title of the last banner above the block."""
    root = block
    while root.parent is not None:
        root = root.parent
    above = (root.text or b"")[: block.start_byte - root.start_byte].decode("utf-8")
    return next(reversed(BANNER.findall(above)), "")


def _heading(block: Node) -> list[str]:
    """The block's type and labels."""
    return [_text(child).strip('"') for child in block.named_children if child.type in ("identifier", "string_lit")]


def _attributes(block: Node) -> dict[str, Node]:
    """The block's own attributes: name -> expression."""
    return {
        _text(attribute.named_children[0]): attribute.named_children[1]
        for body in _children(block, "body")
        for attribute in _children(body, "attribute")
    }


def _children(node: Node, kind: str) -> Iterator[Node]:
    return (child for child in node.named_children if child.type == kind)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8")


def _string(expression: Node | None) -> str:
    """The value of a string literal or heredoc, on one line; empty if absent."""
    if expression is None:
        return ""
    text = _text(expression)
    if text.startswith("<<"):
        text = textwrap.dedent("\n".join(text.splitlines()[1:-1]))
    else:
        # HCL's escapes in quotes are JSON's.
        text = json.loads(text, strict=False)
    return " ".join(text.replace("$${", "${").split())


def _one_line(expression: Node | None) -> str:
    """The source text of an expression, its lines joined as one would write them in one."""
    if expression is None:
        return ""
    lines = [re.sub(r"\s+", " ", line).strip() for line in _without_comments(expression).splitlines()]
    joined = ""
    for line in filter(None, lines):
        if not joined:
            joined = line
        elif joined.endswith(OPENING) or line.startswith(CLOSING):
            joined += f" {line}" if joined.endswith(("{", ",")) or line.startswith("}") else line
        else:
            joined += f", {line}"
    return joined


def _without_comments(node: Node) -> str:
    if node.type == "comment":
        return ""
    if not node.children:
        return _text(node)
    text, start, parts, end = node.text or b"", node.start_byte, [], node.start_byte
    for child in node.children:
        parts += [text[end - start : child.start_byte - start].decode("utf-8"), _without_comments(child)]
        end = child.end_byte
    return "".join(parts) + text[end - start :].decode("utf-8")
