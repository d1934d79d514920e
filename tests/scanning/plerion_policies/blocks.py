"""What Terraform's blocks hold of interest: policy documents and tags, each found where customers put them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plerion_policies.documents import (
    Document,
    Kind,
    Statement,
    is_known,
    read_document,
    structure_of,
    text_of,
    unwrapped,
    why_unread,
)
from plerion_policies.rewriting import DOCUMENT_TYPE

KEY_TYPES = (
    "aws_kms_key",
    "aws_kms_key_policy",
    "aws_kms_external_key",
    "aws_kms_replica_key",
    "aws_kms_replica_external_key",
)
ATTACHMENT_TYPES = (
    "aws_iam_role_policy_attachment",
    "aws_iam_policy_attachment",
    "aws_iam_role_policy_attachments_exclusive",
)
PROVIDER = "provider"

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
# Arguments of modules that take a policy: what cannot be read there is said.
POLICY_ARGUMENT = re.compile(r"(?:\w+_)?polic(?:y|ies)(?:_json|_documents?)?")

type Values = Mapping[str, Any]


@dataclass(frozen=True)
class Block:
    """A resource, data source, provider or module call. `type` is "module" or "provider" for the last two.

    values: the attributes of each of its instances. documents: those to judge here. unread: why others could not be
    read. all_documents: also those that are judged at the `aws_iam_policy_document` that makes them.
    """

    type: str
    name: str
    values: Sequence[Values]
    documents: tuple[Document, ...]
    all_documents: tuple[Document, ...]
    unread: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    around: Any = field(default=None, repr=False)
    """The nodes of the configuration that the block is in, and its own."""

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

    @property
    def tags_keys(self) -> bool:
        """Whether the block's tags may be those of a KMS key."""
        return self.is_key or self.type in ("module", PROVIDER)


def read_block(
    type_: str,
    name: str,
    values: Sequence[Values],
    *,
    kinds: frozenset[Kind] | None = None,
    judged_elsewhere: frozenset[str] = frozenset(),
    followed: bool = False,
    around: Any = None,
) -> Block:
    """The block with the documents and tags in the values of its instances.

    kinds: what an `aws_iam_policy_document` belongs to, where that is known. judged_elsewhere: the JSON of such blocks.
    followed: whether a module's own blocks are judged, so that its arguments are not.
    """
    all_documents: list[Document] = []
    documents: list[Document] = []
    unread: list[str] = []
    tags: list[tuple[str, str]] = []
    for instance in values:
        for attribute, value, document in _documents(type_, instance, kinds):
            if document is None:
                unread.append(f"{attribute}: {why_unread(value)}")
                continue
            all_documents.append(document)
            if followed or (type_ != DOCUMENT_TYPE and isinstance(value, str) and value in judged_elsewhere):
                continue
            documents.append(document)
            unread += [f"{attribute}: {reason}" for reason in document.unread]
        tags += _tags_of(type_, instance)
    if followed:
        unread, tags = [], []
    return Block(
        type_,
        name,
        values,
        tuple(_distinct(documents)),
        tuple(_distinct(all_documents)),
        tuple(dict.fromkeys(unread)),
        tuple(dict.fromkeys(tags)),
        around,
    )


def _distinct(documents: Sequence[Document]) -> Iterator[Document]:
    for position, document in enumerate(documents):
        if document not in documents[:position]:
            yield document


def values_of_plan(conf: Mapping[str, Any]) -> Values:
    """The attributes of a block of a plan, as checkov has them."""
    return {name: unwrapped(value) for name, value in conf.items() if not ADDED_BY_CHECKOV.fullmatch(name)}


def _documents(type_: str, values: Values, kinds: frozenset[Kind] | None) -> Iterator[tuple[str, Any, Document | None]]:
    """Where a policy is, what is there, and the document that it is, if it can be read."""
    if type_ == "module":
        for name, value in values.items():
            yield from _documents_in_argument(name, value)
        return
    if type_ == DOCUMENT_TYPE:
        if "json" in values:
            yield "json", values["json"], read_document(values["json"], kinds)
        return
    if type_ in POLICY_ATTRIBUTES:
        attribute, kind = POLICY_ATTRIBUTES[type_]
        yield from _policy(attribute, values.get(attribute), kind)
    if type_ == "aws_iam_role":
        inline = values.get("inline_policy") or []
        for block in inline if isinstance(inline, list) else [inline]:
            if isinstance(block, dict):
                yield from _policy("inline_policy", unwrapped(block.get("policy")), Kind.IDENTITY)
            else:
                yield "inline_policy", block, None


def _policy(attribute: str, value: Any, kind: Kind) -> Iterator[tuple[str, Any, Document | None]]:
    # Without policy, KMS sets its default; an empty text is the same to the provider.
    if value not in (None, "", [], {}):
        yield attribute, value, read_document(value, frozenset({kind}))


def _documents_in_argument(name: str, value: Any) -> Iterator[tuple[str, Any, Document | None]]:
    value = structure_of(value)
    document = read_document(value)
    if document is not None:
        yield name, value, document
        return
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    statements = [item for item in (value, *items) if _is_statement(item)]
    if statements:
        yield name, value, read_document({"Version": "2012-10-17", "Statement": list(map(_as_json, statements))})
        return
    for item in items:
        yield from _documents_in_argument(name, item)
    unknown = isinstance(value, str) and not is_known(value) and not value.endswith((".arn}", ".id}", ".name}"))
    if unknown and POLICY_ARGUMENT.fullmatch(name):
        yield name, value, None


def _is_statement(value: Any) -> bool:
    # The names that terraform-aws-modules gave the parts of a statement, after aws_iam_policy_document.
    return isinstance(value, dict) and bool({"actions", "not_actions"} & value.keys())


def _as_json(block: Mapping[str, Any]) -> dict[str, Any]:
    """A statement in the manner of `aws_iam_policy_document`, as IAM's JSON."""
    statement: dict[str, Any] = {"Effect": block.get("effect") or "Allow"}
    names = {"sid": "Sid", "actions": "Action", "not_actions": "NotAction", "resources": "Resource"}
    statement |= {named: block[name] for name, named in names.items() if block.get(name) is not None}
    for name, named in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        for principal in _dicts(block.get(name)):
            listed = statement.setdefault(named, {}).setdefault(str(principal.get("type", "AWS")), [])
            listed.append(principal.get("identifiers"))
    for condition in (*_dicts(block.get("condition")), *_dicts(block.get("conditions"))):
        keys = statement.setdefault("Condition", {}).setdefault(str(condition.get("test")), {})
        given = condition.get("values", condition.get("value"))
        keys.setdefault(str(condition.get("variable")), []).append(given)
    return statement


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        values = list(value.values())
        # A map of objects is what the newest versions of those modules take.
        yield from values if values and all(isinstance(item, dict) for item in values) else [value]
    elif isinstance(value, list):
        for item in value:
            yield from _dicts(item)


def _tags_of(type_: str, values: Values) -> Iterator[tuple[str, str]]:
    if type_ == "module":
        for name, value in values.items():
            if name == "tags" or name.endswith("_tags"):
                yield from _tags(value)
    elif type_ == PROVIDER:
        for block in values.get("default_tags") or []:
            yield from _tags(block.get("tags") if isinstance(block, dict) else None)
    else:
        # A plan shows the provider's default tags in tags_all.
        yield from _tags(values.get("tags"))
        yield from _tags(values.get("tags_all"))


def _tags(value: Any) -> Iterator[tuple[str, str]]:
    tags = structure_of(value)
    if isinstance(tags, dict):
        for key, tag in tags.items():
            if not ADDED_BY_CHECKOV.fullmatch(str(key)) and not isinstance(tag, dict | list):
                yield str(key), text_of(tag)
