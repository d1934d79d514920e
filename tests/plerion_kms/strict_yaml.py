"""YAML as a form needs it: no name twice, no text that expands without bound, and the line of each value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1 << 20
MAX_NODES = 100_000
"""Values in a document once its aliases are followed: a few lines of aliases can stand for millions of values."""

type Place = Sequence[str | int]


class YamlError(ValueError):
    """One sentence: the file, the line where there is one, what is wrong and how to fix it."""


@dataclass(frozen=True)
class Document:
    """value: the content as Python objects. root: the node that it was made from."""

    value: Any
    root: yaml.Node

    def line(self, place: Place) -> int:
        """The line, from 1, of the value at that place; of the nearest one around it if there is none."""
        line, node = self.root.start_mark.line, self.root
        for step in place:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line + 1


def load(path: Path) -> Document:
    """Read one YAML document. Raises YamlError."""
    text = _text(path)
    try:
        loader = yaml.SafeLoader(text)
        root = _root(path, loader)
        _Check(path).size(root)
        value = loader.construct_document(root)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(
            f"{path}, line {line}: the character U+{ord(text[error.position]):04X} is not allowed in YAML: remove it."
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        tab = " Indent with spaces, not with tabs." if "\\t" in str(error.problem) else ""
        raise YamlError(f"{path}, line {line}: this is not valid YAML ({error.problem}): correct it.{tab}") from error
    except RecursionError as error:
        raise YamlError(f"{path} is nested too deeply: write it flatter.") from error
    except YamlError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # PyYAML lets the errors of Python's own conversions through, such as those of the date 2020-13-45.
        raise YamlError(f"{path} holds a value that does not fit its type ({error}): put it in quotes.") from error
    return Document(value, root)


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise YamlError(f"{path} cannot be read: it is not a file; name a YAML file.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise YamlError(f"{path} cannot be read ({error.strerror}): check its name and its permissions.") from error
    if len(content) > MAX_BYTES:
        raise YamlError(f"{path} is larger than {MAX_BYTES >> 20} MiB: split it, or remove what does not belong there.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlError(f"{path}, line {line}: this is not UTF-8: save the file as UTF-8.") from error


def _root(path: Path, loader: yaml.SafeLoader) -> yaml.Node:
    root = loader.get_single_node()
    if root is None:
        raise YamlError(f"{path} is empty: write its content.")
    return root


@dataclass
class _Check:
    """Refuses names that are there twice, and documents that are too large or endless once aliases are followed."""

    path: Path

    def __post_init__(self) -> None:
        self._sizes: dict[int, int | None] = {}

    def size(self, node: yaml.Node) -> int:
        """How many values the node stands for. Raises YamlError."""
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) not in self._sizes:
            self._sizes[id(node)] = None
            self._sizes[id(node)] = 1 + sum(self.size(each) for each in self._parts(node))
        size = self._sizes[id(node)]
        where = f"{self.path}, line {node.start_mark.line + 1}"
        if size is None:
            raise YamlError(f"{where}: an alias refers to what holds it: write the values instead.")
        if size > MAX_NODES:
            raise YamlError(f"{where}: aliases make more than {MAX_NODES} values of it: write fewer aliases.")
        return size

    def _parts(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            return list(node.value)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            name, line = (key.tag, key.value), key.start_mark.line + 1
            if name in lines:
                raise YamlError(
                    f"{self.path}, line {line}: {key.value!r} is named twice, first on line {lines[name]}: "
                    "remove one of the two."
                )
            lines[name] = line
        return [part for pair in node.value for part in pair]


def _child(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    """The line, from 0, and the node of what is in this node under a name or at a position."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step].start_mark.line, node.value[step]
    if isinstance(node, yaml.MappingNode):
        # Merged entries come first once the document is made, so that the last one counts.
        entries = [pair for pair in reversed(node.value) if isinstance(pair[0], yaml.ScalarNode)]
        named = [pair for pair in entries if pair[0].value == step]
        # A name that YAML takes for a boolean, a number or nothing is not given as its text.
        typed = [pair for pair in entries if pair[0].tag != "tag:yaml.org,2002:str"]
        for key, value in named or typed:
            return key.start_mark.line, value
    return None
