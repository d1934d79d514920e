"""What Terraform's blocks hold of interest: policy documents and tags, each found where customers put them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from plerion_policies.documents import (
    Document,
    Kind,
    Statement,
    read_blocks,
    read_document,
    statement_blocks,
    structure_of,
    text_of,
)

KEY_TYPES = (
    "aws_kms_key",
    "aws_kms_key_policy",
    "aws_kms_external_key",
    "aws_kms_replica_key",
    "aws_kms_replica_external_key",
)
DOCUMENT_TYPE = "aws_iam_policy_document"
ATTACHMENT_TYPES = ("aws_iam_role_policy_attachment", "aws_iam_policy_attachment")

POLICY_ATTRIBUTES: Mapping[str, tuple[str, Kind]] = {
    **dict.fromkeys(KEY_TYPES, ("policy", Kind.KEY)),
    "aws_iam_role": ("assume_role_policy", Kind.TRUST),
    "aws_iam_role_policy": ("policy", Kind.IDENTITY),
    "aws_iam_policy": ("policy", Kind.IDENTITY),
    "aws_iam_user_policy": ("policy", Kind.IDENTITY),
    "aws_iam_group_policy": ("policy", Kind.IDENTITY),
}
RESOURCE_TYPES = (*POLICY_ATTRIBUTES, *ATTACHMENT_TYPES)
# What checkov adds to each block and, in a plan, to each map.
ADDED_BY_CHECKOV = re.compile(r"__\w+__|start_line|end_line|references_")


@dataclass(frozen=True)
class Block:
    """A resource, data source or module call. `type` is "module" for the last."""

    type: str
    name: str
    conf: Mapping[str, Any]
    documents: tuple[Document, ...]
    tags: tuple[tuple[str, str], ...]
    graph: Any = None
    """checkov's graph of all blocks, where it has one."""

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements of all documents."""
        return tuple(statement for document in self.documents for statement in document.statements)

    @property
    def is_key(self) -> bool:
        """Whether the block is a KMS key."""
        return self.type in KEY_TYPES

    @property
    def is_module(self) -> bool:
        """Whether the block calls a module."""
        return self.type == "module"


def read_block(type_: str, name: str, conf: Mapping[str, Any], graph: Any = None, may_be_key: bool = True) -> Block:
    """The block with the documents and tags that can be read in it.

    may_be_key: False where an `aws_iam_policy_document` is known not to be used as a key policy.
    """
    if type_ == "module":
        documents, tags = tuple(_documents_in_arguments(conf)), tuple(_tags_in_arguments(conf))
    else:
        documents, tags = tuple(_documents(type_, conf, may_be_key)), tuple(_tags(conf.get("tags")))
    return Block(type_, name, conf, documents, tags, graph)


def arguments(conf: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arguments of a block without what checkov added."""
    for name, value in conf.items():
        if not ADDED_BY_CHECKOV.fullmatch(name):
            yield name, structure_of(value)


def _documents(type_: str, conf: Mapping[str, Any], may_be_key: bool) -> Iterator[Document]:
    if type_ == DOCUMENT_TYPE:
        by_blocks = read_blocks(statement_blocks(conf), conf.get("version"))
        yield by_blocks if may_be_key else _not_for_a_key(by_blocks)
    if type_ in POLICY_ATTRIBUTES:
        attribute, of_type = POLICY_ATTRIBUTES[type_]
        document = read_document(conf.get(attribute), of_type)
        if document is not None:
            yield document
    if type_ == "aws_iam_role":
        for inline in conf.get("inline_policy") or []:
            document = read_document(inline.get("policy"), Kind.IDENTITY) if isinstance(inline, dict) else None
            if document is not None:
                yield document


def _not_for_a_key(document: Document) -> Document:
    statements = (
        replace(statement, kind=Kind.OTHER) if statement.kind is Kind.KEY else statement
        for statement in document.statements
    )
    return replace(document, statements=tuple(statements))


def _documents_in_arguments(conf: Mapping[str, Any]) -> Iterator[Document]:
    for _, value in arguments(conf):
        yield from _documents_within(value)


def _documents_within(value: Any) -> Iterator[Document]:
    value = structure_of(value)
    document = read_document(value)
    if document is not None:
        yield document
        return
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    statements = [item for item in (value, *items) if _is_statement(item)]
    if statements:
        yield read_blocks(_without_booleans(statements))
        return
    for item in items:
        yield from _documents_within(item)


def _without_booleans(value: Any) -> Any:
    # In a module call checkov makes True of true, "true" and "True" alike.
    if isinstance(value, dict):
        return {key: _without_booleans(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_booleans(item) for item in value]
    return f"${{{value}}}" if isinstance(value, bool) else value


def _is_statement(value: Any) -> bool:
    # The names that terraform-aws-modules gave the parts of a statement, after aws_iam_policy_document.
    return isinstance(value, dict) and bool({"actions", "not_actions"} & value.keys())


def _tags_in_arguments(conf: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in arguments(conf):
        if name == "tags" or name.endswith("_tags"):
            yield from _tags(value)


def _tags(value: Any) -> Iterator[tuple[str, str]]:
    tags = structure_of(value)
    if isinstance(tags, dict):
        for key, tag in tags.items():
            if not ADDED_BY_CHECKOV.fullmatch(str(key)) and not isinstance(tag, dict | list):
                yield str(key), text_of(tag)
