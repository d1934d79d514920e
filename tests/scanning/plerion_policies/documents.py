"""A policy document as the rules read it: from IAM's JSON, and from the blocks of `aws_iam_policy_document`.

Values that Terraform knows only later stay in it as text with an interpolation; `is_known` tells them from others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from plerion_policies.expression import ExpressionError, parse

CURRENT_VERSION = "2012-10-17"
POLICY_VARIABLE = re.compile(r"\$\{\s*[\w-]+:[^}]*\}")
# AWS's escapes ${*}, ${?} and ${$} are no interpolation either.
INTERPOLATION = re.compile(r"\$\{(?!\s*[\w-]+:|[*?$]\})|%\{")
REFERENCE = re.compile(r"(var|local|module|data|each|count|path|self|aws_\w+)\.\S+|\w+\.(key|value)(\.\S+)?")


class Kind(Enum):
    """What a statement is attached to."""

    KEY = "key policy"
    TRUST = "trust policy"
    IDENTITY = "identity policy"
    OTHER = "another resource's policy"


@dataclass(frozen=True)
class Condition:
    """One key of a statement's Condition; the operator as it is written."""

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def base_operator(self) -> str:
        """The operator in lower case, without set qualifier and IfExists."""
        return self.operator.lower().rpartition(":")[2].removesuffix("ifexists")

    @property
    def holds_without_key(self) -> bool:
        """Whether the condition is true where the request lacks the key."""
        operator = self.operator.lower()
        return operator.endswith("ifexists") or operator.startswith("forallvalues:") or "not" in self.base_operator


@dataclass(frozen=True)
class Statement:
    """One statement. `principals` is None where the statement has no Principal; "*" alone is {"*": ("*",)}."""

    label: str
    kind: Kind
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: Mapping[str, tuple[str, ...]] | None
    conditions: tuple[Condition, ...]

    def on(self, *keys: str) -> Iterator[Condition]:
        """The conditions on these keys; a key that ends in a slash stands for all that begin so."""
        for condition in self.conditions:
            name = condition.key.lower()
            if any(name.startswith(key) if key.endswith("/") else name == key for key in map(str.lower, keys)):
                yield condition

    def compared(self, *keys: str) -> Iterator[tuple[Condition, str]]:
        """The conditions on these keys with each value that they compare with; Null compares with none."""
        for condition in self.on(*keys):
            if condition.base_operator != "null":
                yield from ((condition, value) for value in condition.values)

    def covers(self, action: str) -> bool:
        """Whether Action or NotAction of the statement cover the action."""
        wanted = action.lower()
        if self.not_actions:
            return not any(fnmatchcase(wanted, pattern.lower()) for pattern in self.not_actions)
        return any(fnmatchcase(wanted, pattern.lower()) for pattern in self.actions)

    @property
    def any_principal(self) -> bool:
        """Whether the Principal is, or holds, the wildcard."""
        principals = self.principals or {}
        return "*" in (*principals.get("AWS", ()), *principals.get("*", ()))


@dataclass(frozen=True)
class Document:
    """A policy document, or the part of one that could be read. `version` is None where it has none."""

    version: str | None
    statements: tuple[Statement, ...]
    texts: tuple[str, ...]


def is_known(value: str) -> bool:
    """Whether the text is what AWS will see: no reference, no interpolation."""
    return not INTERPOLATION.search(value) and not REFERENCE.fullmatch(value)


def text_of(value: Any) -> str:
    """A scalar of a document as AWS sees it. Terraform's null is unknown."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "${null}"
    # Terraform writes a policy variable $${...}, and in aws_iam_policy_document also &{...}.
    return str(value).replace("$${", "${").replace("&{", "${")


def texts_of(value: Any) -> tuple[str, ...]:
    """The scalars of a value or of lists of them, however deep checkov nested the lists."""
    if isinstance(value, list | tuple | set):
        return tuple(text for item in value for text in texts_of(item))
    return () if value is None else (text_of(value),)


def unwrapped(value: Any) -> Any:
    """The value without the lists of one that checkov puts around it."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def structure_of(value: Any) -> Any:
    """The value with texts that hold a structure read: JSON, or an expression that checkov could not evaluate."""
    value = unwrapped(value)
    if not isinstance(value, str) or not re.search(r"[{\[(]", value):
        return value
    try:
        return json.loads(value)
    except ValueError:
        pass
    try:
        return parse(value)
    except ExpressionError:
        return value


def read_document(value: Any, kind: Kind | None = None) -> Document | None:
    """The document in an attribute's value, or None where there is none to be read.

    kind: what the attribute belongs to; None leaves it to each statement's Principal and actions.
    """
    document = structure_of(value)
    if not isinstance(document, dict) or "Statement" not in document:
        return None
    statements = tuple(
        _json_statement(statement, number, kind)
        for number, statement in enumerate(_dicts(structure_of(document["Statement"])), start=1)
    )
    version = texts_of(document.get("Version"))
    return Document(version[0] if version else None, statements, tuple(_all_texts(document)))


def read_blocks(blocks: Any, version: Any = None) -> Document:
    """The document that statements in the manner of `aws_iam_policy_document` make, with its default version."""
    found = list(_dicts(blocks))
    versions = texts_of(version)
    return Document(
        versions[0] if versions else CURRENT_VERSION,
        tuple(_block_statement(block, number) for number, block in enumerate(found, start=1)),
        tuple(_all_texts(found)),
    )


def _json_statement(statement: dict[str, Any], number: int, kind: Kind | None) -> Statement:
    principals = structure_of(statement.get("Principal"))
    operators = structure_of(statement.get("Condition"))
    conditions = (
        Condition(operator, key, texts_of(values))
        for operator, keys in (operators.items() if isinstance(operators, dict) else ())
        for key, values in (keys.items() if isinstance(keys, dict) else ())
    )
    if isinstance(principals, dict):
        principals = {type_: texts_of(structure_of(names)) for type_, names in principals.items()}
    elif principals is not None:
        principals = {"*": texts_of(principals)}
    return _statement(
        sid=statement.get("Sid"),
        number=number,
        kind=kind,
        effect=statement.get("Effect"),
        actions=structure_of(statement.get("Action")),
        not_actions=structure_of(statement.get("NotAction")),
        resources=structure_of(statement.get("Resource")),
        principals=principals,
        has_principal="Principal" in statement or "NotPrincipal" in statement,
        conditions=conditions,
    )


def _block_statement(block: dict[str, Any], number: int) -> Statement:
    principals: dict[str, tuple[str, ...]] = {}
    for principal in _blocks(block, "principals"):
        names = texts_of(principal.get("identifiers"))
        for type_ in texts_of(principal.get("type")):
            principals[type_] = (*principals.get(type_, ()), *names)
    conditions = (
        Condition(operator, key, texts_of(condition.get("values", condition.get("value"))))
        for condition in (*_blocks(block, "condition"), *_blocks(block, "conditions"))
        for operator in texts_of(condition.get("test"))
        for key in texts_of(condition.get("variable"))
    )
    return _statement(
        sid=block.get("sid"),
        number=number,
        kind=None,
        effect=block.get("effect", "Allow"),
        actions=block.get("actions"),
        not_actions=block.get("not_actions"),
        resources=block.get("resources"),
        principals=principals or None,
        has_principal=bool(principals) or bool(list(_blocks(block, "not_principals"))),
        conditions=conditions,
    )


def _statement(
    *,
    sid: Any,
    number: int,
    kind: Kind | None,
    effect: Any,
    actions: Any,
    not_actions: Any,
    resources: Any,
    principals: Mapping[str, tuple[str, ...]] | None,
    has_principal: bool,
    conditions: Iterable[Condition],
) -> Statement:
    sids = [text for text in texts_of(sid) if text]
    return Statement(
        label=f'Statement "{sids[0]}"' if sids else f"Statement {number}",
        kind=kind or _kind(texts_of(actions), has_principal),
        allows="Deny" not in texts_of(effect),
        actions=texts_of(actions),
        not_actions=texts_of(not_actions),
        resources=texts_of(resources),
        principals=principals,
        conditions=tuple(conditions),
    )


def _kind(actions: tuple[str, ...], has_principal: bool) -> Kind:
    if not has_principal:
        return Kind.IDENTITY
    services = {action.lower().partition(":")[0] for action in actions}
    if services == {"sts"}:
        return Kind.TRUST
    return Kind.KEY if services & {"kms", "*"} else Kind.OTHER


def _blocks(block: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The nested blocks of that name, those of a `dynamic` block included: once each, whatever it loops over."""
    yield from _dicts(structure_of(block.get(name)))
    for dynamic in _dicts(block.get("dynamic")):
        for loop in _dicts(dynamic.get(name)):
            yield from _dicts(loop.get("content", loop))


def statement_blocks(conf: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `statement` blocks of an `aws_iam_policy_document`."""
    return list(_blocks(conf, "statement"))


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _dicts(structure_of(item))


def _all_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _all_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _all_texts(item)
    elif isinstance(value, str):
        yield text_of(value)
