"""The other blocks of a configuration, out of checkov's graph: for rules about what several blocks make together.

checkov has one graph for all that one run reads. Blocks belong together where they have the same root: the folder of
the outermost module call, or the plan file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from plerion_policies.blocks import DOCUMENT_TYPE, KEY_TYPES, Block, read_block
from plerion_policies.documents import unwrapped

REFERENCE = re.compile(r"\$?\{?((?:data\.)?aws_\w+\.[\w-]+)(\[[^\]]*\])?(?:\..*)?")


@dataclass(frozen=True)
class Node:
    """A block with its place. `prefix` is the address of the module that holds it, "" for the root."""

    kind: str
    type: str
    address: str
    root: str
    prefix: str
    conf: Mapping[str, Any]

    @property
    def block(self) -> Block:
        """Documents and tags of the node."""
        return read_block(self.type, self.address, self.conf)

    def text(self, attribute: str) -> str | None:
        """The attribute, where it is one text."""
        value = unwrapped(self.conf.get(attribute))
        return value if isinstance(value, str) else None


def nodes(graph: Any) -> list[Node]:
    """The resources, data sources and module calls of checkov's graph; none where there is no graph."""
    return [
        node
        for _, attributes in _entries(graph)
        if attributes.get("block_type_") in {"resource", "data", "module"}
        for node in _read(attributes)
    ]


def _read(attributes: Mapping[str, Any]) -> Iterator[Node]:
    kind, root = attributes["block_type_"], _root(attributes)
    for type_, named in attributes["config_"].items():
        for name, conf in named.items() if kind != "module" else ((type_, named),):
            address = str(conf.get("__address__") or f"{type_}.{name}")
            yield Node(
                kind=kind,
                type="module" if kind == "module" else type_,
                address=address,
                root=root,
                prefix="".join(re.findall(r"module\.[^.\[]+(?:\[[^\]]*\])?\.", address)),
                conf=conf,
            )


def _root(attributes: Mapping[str, Any]) -> str:
    path, call = attributes["file_path_"], attributes.get("source_module_object_")
    while isinstance(call, Mapping):
        path, call = call["path"], call.get("nested_tf_module")
    # A plan holds one root module; in HCL the folder is one.
    return str(path) if str(path).endswith(".json") else str(PurePath(path).parent)


def may_be_key_policy(graph: Any, conf: Mapping[str, Any]) -> bool:
    """False where an `aws_iam_policy_document` is used by other resources than keys alone, as a VPC endpoint's is."""
    for index, attributes in _entries(graph):
        if attributes.get("block_type_") == "data" and any(node.conf == conf for node in _read(attributes)):
            users = [str(_entry(user).get("block_name_", "")) for user in graph.predecessors(index)]
            return not users or any(_may_be_key(name.partition(".")[0]) for name in users)
    return True


def _may_be_key(type_: str) -> bool:
    return type_ in KEY_TYPES or not type_.startswith("aws_") or type_ == DOCUMENT_TYPE


def _entry(entry: Any) -> Mapping[str, Any]:
    # checkov stores (index, attributes).
    attributes: Mapping[str, Any] = entry[1] if isinstance(entry, tuple) else entry
    return attributes


def _entries(graph: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for index in graph.node_indices() if hasattr(graph, "node_indices") else ():
        yield index, _entry(graph[index])


def same_block(node: Node, block: Block) -> bool:
    """Whether the node is the block that is being judged."""
    return node.conf == block.conf


def referred(reference: str | None, near: Node, among: list[Node]) -> Node | None:
    """The node that a reference such as `aws_iam_role.this[0].name`, written in `near`, stands for."""
    match = REFERENCE.fullmatch(reference or "")
    if match is None:
        return None
    wanted = near.prefix + match[1].removeprefix("data.")
    for node in among:
        plain = node.address.removeprefix("data.").removesuffix("]").rpartition("[")[0] or node.address
        if node.root == near.root and plain.removeprefix("data.") in {wanted, f"{near.prefix}{match[1]}"}:
            return node
    return None
