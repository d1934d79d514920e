"""The blocks of one scan, out of checkov's graph, with their values: from Terraform for HCL, from checkov for a plan.

checkov has one graph for all that one run reads. Blocks belong together where they have the same root: the folder of
the outermost module call, or the plan file.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from plerion_policies.blocks import POLICY_ATTRIBUTES, Block, Values, read_block, values_of_plan
from plerion_policies.documents import Kind, structure_of, texts_of, unwrapped
from plerion_policies.evaluation import Evaluation, EvaluationError, evaluate
from plerion_policies.rewriting import DOCUMENT_TYPE

ORIGINALS_VARIABLE = "PLERION_ORIGINALS"
"""Names a JSON file: folders that hold copies for checkov, and the folders that Terraform is to read instead."""

REFERENCE = re.compile(
    r"\W*\$?\{?((?:module\.[\w-]+(?:\[[^\]]*\])?\.)*)((?:data\.)?aws_\w+\.[\w-]+)(?:\[[^\]]*\])?(?:\..*)?"
)
INDEX = re.compile(r"\[[^\]]*\]")
MODULE = re.compile(r"module\.([^.\[]+)(?:\[[^\]]*\])?\.")


@dataclass(frozen=True)
class Node:
    """A block with its place. `prefix` is the address of the module that holds it, "" for the root.

    values: None where they could not be found out; `error` says why.
    """

    kind: str
    type: str
    address: str
    root: str
    prefix: str
    conf: Mapping[str, Any]
    values: Sequence[Values] | None
    error: str = ""

    @property
    def of_plan(self) -> bool:
        """Whether a plan holds the block."""
        return self.root.endswith(".json")

    @property
    def local_address(self) -> str:
        """The address within its module."""
        return self.address.removeprefix(self.prefix)

    def texts(self, attribute: str) -> tuple[str, ...]:
        """The texts in an attribute of any instance."""
        return tuple(dict.fromkeys(text for values in self.values or () for text in texts_of(values.get(attribute))))

    def text(self, attribute: str) -> str | None:
        """The attribute, where it is one text."""
        return next(iter(self.texts(attribute)), None)

    @cached_property
    def each(self) -> list[Node]:
        """A node for each instance."""
        return [replace(self, values=[values]) for values in self.values or ()]

    @cached_property
    def block(self) -> Block:
        """Documents and tags of the node, all of them."""
        return read_block(self.type, self.address, self.values or ())


@dataclass
class Configuration:
    """The nodes of a graph. users: what the blocks named `Documents` in a policy are used for; None for the unknown."""

    nodes: list[Node] = field(default_factory=list)
    users: Mapping[str, frozenset[Kind | None]] = field(default_factory=dict)
    made_by_blocks: frozenset[str] = frozenset()
    followed: frozenset[tuple[str, str]] = frozenset()

    def matching(self, kind: str, type_: str, conf: Mapping[str, Any]) -> list[Node]:
        """The nodes that checkov has this configuration of: several, where nothing tells them apart."""
        return [node for node in self.nodes if (node.kind, node.type) == (kind, type_) and node.conf == conf]

    def read(self, kind: str, type_: str, name: str, conf: Mapping[str, Any]) -> Block:
        """The block that checkov judges, with the values that it has wherever its module is called."""
        nodes = self.matching(kind, type_, conf)
        values = [instance for node in nodes for instance in node.values or ()]
        lost = [node.error for node in nodes if node.values is None] if nodes else ["checkov's graph lacks it"]
        block = read_block(
            type_,
            name,
            values,
            kinds=self._kinds(values) if type_ == DOCUMENT_TYPE else None,
            judged_elsewhere=self.made_by_blocks,
            followed=any((node.root, node.address) in self.followed for node in nodes),
            around=(nodes, self.nodes),
        )
        if lost and (type_ in POLICY_ATTRIBUTES or type_ == DOCUMENT_TYPE):
            return Block(**{**vars(block), "unread": (*block.unread, *lost)})
        return block

    def _kinds(self, values: Sequence[Values]) -> frozenset[Kind] | None:
        kinds: set[Kind | None] = set()
        for instance in values:
            document = structure_of(instance.get("json"))
            if isinstance(document, dict):
                # The first is the block itself.
                kinds |= self.users.get(next(iter(texts_of(document.get("Documents"))), ""), frozenset())
        return None if not kinds or None in kinds else frozenset(kind for kind in kinds if kind is not None)


_KNOWN: list[tuple[Any, Configuration]] = []


def configuration(graph: Any) -> Configuration:
    """The configuration of checkov's graph, made once for each graph."""
    for known, made in _KNOWN:
        if known is graph:
            return made
    made = _configuration(graph)
    _KNOWN.append((graph, made))
    return made


def _configuration(graph: Any) -> Configuration:
    entries = [
        (attributes, *found)
        for attributes in _entries(graph)
        if attributes.get("block_type_") in {"resource", "data", "module", "provider"}
        for found in _named(attributes)
    ]
    roots = {_root(attributes) for attributes, *_ in entries}
    evaluation, error = Evaluation(), ""
    try:
        evaluation = evaluate(Path(root) for root in roots if not root.endswith(".json") and Path(root).is_dir())
    except EvaluationError as failure:
        error = str(failure)
    nodes = [_node(evaluation, error, *entry) for entry in entries]
    users, made, followed = _users(evaluation)
    return Configuration(nodes, users, made, followed)


def _named(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    kind = attributes["block_type_"]
    for type_, named in attributes["config_"].items():
        for name, conf in named.items() if kind in ("resource", "data") else ((type_, named),):
            if isinstance(conf, Mapping):
                yield type_, name, conf


def _node(
    evaluation: Evaluation, error: str, attributes: Mapping[str, Any], type_: str, name: str, conf: Mapping[str, Any]
) -> Node:
    kind, root = attributes["block_type_"], _root(attributes)
    typed = kind if kind in ("module", "provider") else type_
    if root.endswith(".json"):
        address = str(conf.get("__address__") or f"{type_}.{name}")
        prefix = "".join(match[0] for match in MODULE.finditer(address))
        return Node(kind, typed, address, root, prefix, conf, [values_of_plan(conf)])
    path = [called for _, called in reversed(list(_calls(attributes)))]
    prefix = "".join(f"module.{called}." for called in path)
    local = _local_address(kind, type_, name, conf)
    values = evaluation.of(Path(root), path, local)
    return Node(kind, typed, prefix + local, root, prefix, conf, values, error or "Terraform could not evaluate it")


def _local_address(kind: str, type_: str, name: str, conf: Mapping[str, Any]) -> str:
    # checkov makes a block of each instance where it handles for_each.
    type_, name = INDEX.sub("", type_), INDEX.sub("", name)
    if kind in ("module", "provider"):
        alias = unwrapped(conf.get("alias")) if kind == "provider" else None
        return ".".join([kind, type_, *([str(alias)] if alias else [])])
    return f"data.{type_}.{name}" if kind == "data" else f"{type_}.{name}"


def _calls(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The files and names of the module calls that led to a block, the innermost first."""
    call = attributes.get("source_module_object_")
    while call is not None:
        yield str(_part(call, "path")), str(_part(call, "name"))
        call = _part(call, "nested_tf_module")


def _part(call: Any, name: str) -> Any:
    return call.get(name) if isinstance(call, Mapping) else getattr(call, name)


def _root(attributes: Mapping[str, Any]) -> str:
    """The folder of the root module, or the plan file, which holds one root module."""
    path = [str(attributes["file_path_"]), *(file for file, _ in _calls(attributes))][-1]
    if path.endswith(".json"):
        return path
    folder = str(PurePath(os.path.realpath(path)).parent)
    return _originals().get(folder, folder)


def _originals() -> Mapping[str, str]:
    named = os.environ.get(ORIGINALS_VARIABLE)
    if not named:
        return {}
    found: dict[str, str] = json.loads(Path(named).read_text(encoding="utf-8"))
    return found


def _entries(graph: Any) -> Iterator[Mapping[str, Any]]:
    for index in graph.node_indices() if hasattr(graph, "node_indices") else ():
        # checkov stores (index, attributes).
        entry = graph[index]
        yield entry[1] if isinstance(entry, tuple) else entry


def _users(
    evaluation: Evaluation,
) -> tuple[dict[str, frozenset[Kind | None]], frozenset[str], frozenset[tuple[str, str]]]:
    """What each `aws_iam_policy_document` is used for, the JSON that they make, and the calls that are followed."""
    users: dict[str, set[Kind | None]] = defaultdict(set)
    made: set[str] = set()
    followed: set[tuple[str, str]] = set()

    def walk(level: Mapping[str, Any], root: str, prefix: str) -> None:
        for address, text in level["blocks"].items():
            instances = json.loads(text)
            of_document = address.startswith(f"data.{DOCUMENT_TYPE}.")
            is_followed = address.removeprefix("module.") in level["modules"] and address.startswith("module.")
            if is_followed:
                followed.add((root, f"{prefix}{address}"))
            for instance in instances if isinstance(instances, list) else ():
                for attribute, value in instance.items() if isinstance(instance, dict) else ():
                    if of_document:
                        made.add(str(value))
                    elif not is_followed:
                        kind = _kind(address, attribute)
                        for source in _sources(value):
                            users[source].add(kind)
        for name, instances in level["modules"].items():
            for inner in instances or ():
                walk(inner, root, f"{prefix}module.{name}.")

    for root, level in evaluation.results.items():
        walk(level, str(root), "")
    return {source: frozenset(kinds) for source, kinds in users.items()}, frozenset(made), frozenset(followed)


def _kind(address: str, attribute: str) -> Kind | None:
    type_ = address.partition(".")[0]
    if type_ == "module" or not type_.startswith("aws_"):
        return None
    if (type_, attribute) == ("aws_iam_role", "inline_policy"):
        return Kind.IDENTITY
    named, kind = POLICY_ATTRIBUTES.get(type_, ("", Kind.OTHER))
    return kind if attribute == named else Kind.OTHER


def _sources(value: Any) -> Iterator[str]:
    if isinstance(value, str) and '"Documents"' in value:
        document = structure_of(value)
        yield from texts_of(document.get("Documents")) if isinstance(document, dict) else ()
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _sources(item)


def referred(reference: str | None, near: Node, among: Sequence[Node]) -> Node | None:
    """The node that a reference such as `aws_iam_role.this[0].name`, written in `near`, stands for."""
    match = REFERENCE.fullmatch(reference or "")
    if match is None:
        return None
    wanted = {INDEX.sub("", f"{prefix}{match[1]}{match[2]}") for prefix in ("", near.prefix)}
    for node in among:
        if node.root == near.root and INDEX.sub("", node.address) in wanted:
            return node
    return None
