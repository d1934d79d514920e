"""A policy document as the rules read it, out of IAM's JSON.

Values that only a plan knows are in it as text with a mark (see rewriting.py); `is_known` tells them from others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from plerion_policies.rewriting import MANY, UNDECIDED, UNKNOWN

CURRENT_VERSION = "2012-10-17"
MARKS = f"[{UNKNOWN}{UNDECIDED}{MANY}]"
POLICY_VARIABLE = re.compile(rf"(?<!{MARKS})\$\{{\s*[\w-]+:[^}}]*\}}")
NAMED_BY_A_MARK = re.compile(rf"{UNKNOWN}{MARKS}?\$\{{(.*?)\}}", re.DOTALL)
KNOWN_AFTER_APPLY = "true_after_unknown"
"""What checkov writes for a value that the plan does not know."""


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
    """One statement. kinds: what it may belong to. "*" alone as Principal is {"*": ("*",)}.

    `principals` and `not_principals` are None where the statement has no such element.
    """

    label: str
    kinds: frozenset[Kind]
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: Mapping[str, tuple[str, ...]] | None
    not_principals: Mapping[str, tuple[str, ...]] | None
    conditions: tuple[Condition, ...]

    def on(self, *keys: str) -> Iterator[Condition]:
        """The conditions on these keys; a key that ends in a slash or a colon stands for all that begin so."""
        for condition in self.conditions:
            name = condition.key.lower()
            if any(name.startswith(key) if key.endswith(("/", ":")) else name == key for key in map(str.lower, keys)):
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
        """Whether the Principal is, or holds, the wildcard, or there is a NotPrincipal: all but those in it."""
        principals = self.principals or {}
        return "*" in (*principals.get("AWS", ()), *principals.get("*", ())) or self.not_principals is not None


@dataclass(frozen=True)
class Document:
    """A policy document. `version` is None where it has none. unread: why statements of it could not be read.

    sources: the `aws_iam_policy_document` blocks that it was made from.
    """

    version: str | None
    statements: tuple[Statement, ...]
    texts: tuple[str, ...]
    unread: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def is_known(value: str) -> bool:
    """Whether the text is what AWS will see."""
    return UNKNOWN not in value


def shown(value: str) -> str:
    """The text without marks, for a person."""
    return re.sub(MARKS, "", value)


def text_of(value: Any) -> str:
    """A scalar of a document as AWS sees it. Terraform's null is unknown."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return f"{UNKNOWN}${{null}}"
    # In aws_iam_policy_document a policy variable may be written &{...}.
    return str(value).replace("&{", "${")


def texts_of(value: Any) -> tuple[str, ...]:
    """The scalars of a value or of lists of them, however deep they are nested."""
    if isinstance(value, list | tuple | set):
        return tuple(text for item in value for text in texts_of(item))
    return () if value is None else (text_of(value),)


def unwrapped(value: Any) -> Any:
    """The value without the lists of one that checkov puts around it."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def structure_of(value: Any) -> Any:
    """The value, out of lists of one and out of JSON."""
    value = unwrapped(value)
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def read_document(value: Any, kinds: frozenset[Kind] | None = None) -> Document | None:
    """The document in a value, or None where it holds nothing that has a Statement.

    kinds: what it belongs to; None leaves it to each statement's Principal and actions.
    """
    document = structure_of(value)
    if not isinstance(document, dict) or "Statement" not in document:
        return None
    statements, unread = [], []
    listed = document["Statement"]
    for number, statement in enumerate(listed if isinstance(listed, list) else [listed], start=1):
        reason = _unreadable(statement, number)
        if reason:
            unread.append(reason)
        if isinstance(statement, dict):
            statements.append(_statement(statement, number, kinds))
    version = texts_of(document.get("Version"))
    return Document(
        version[0] if version else None,
        tuple(statements),
        tuple(_all_texts(document)),
        tuple(unread),
        texts_of(document.get("Documents")),
    )


def why_unread(value: Any) -> str:
    """Why a value that ought to be a policy could not be read as one."""
    text = str(unwrapped(value))
    if KNOWN_AFTER_APPLY in text:
        return "it is known after apply only"
    named = list(dict.fromkeys(NAMED_BY_A_MARK.findall(text)))
    if named:
        return f"it depends on {', '.join(named[:3])}"
    if not isinstance(structure_of(value), dict):
        return "it is not JSON"
    return "it has no Statement"


def _unreadable(statement: Any, number: int) -> str | None:
    """Why a statement cannot be judged; what is unknown within a list of names or values counts as given."""
    if not isinstance(statement, dict):
        return f"statement {number}: {why_unread(statement)}"
    label = _label(statement, number)
    deciding = {key: value for key, value in statement.items() if key != "Sid"}
    undecided = [text for text in _all_texts(deciding, keys=True) if UNDECIDED in text]
    if undecided:
        return f"{label}: {why_unread(undecided[0])}"
    principal = unwrapped(statement.get("Principal"))
    if isinstance(principal, str) and not is_known(principal):
        return f"{label}: its Principal, {why_unread(principal)}"
    condition = statement.get("Condition")
    maps = [condition, *(condition.values() if isinstance(condition, dict) else ())]
    if any(item is not None and not isinstance(item, dict) for item in maps):
        return f"{label}: its Condition, {why_unread(next(i for i in maps if not isinstance(i, dict)))}"
    return None


def _label(statement: Mapping[str, Any], number: int) -> str:
    sids = [shown(text) for text in texts_of(statement.get("Sid")) if text]
    return f'Statement "{sids[0]}"' if sids else f"Statement {number}"


def _statement(statement: dict[str, Any], number: int, kinds: frozenset[Kind] | None) -> Statement:
    operators = statement.get("Condition")
    conditions = (
        Condition(operator, key, texts_of(values))
        for operator, keys in (operators.items() if isinstance(operators, dict) else ())
        for key, values in (keys.items() if isinstance(keys, dict) else ())
    )
    principals, not_principals = _principals(statement, "Principal"), _principals(statement, "NotPrincipal")
    actions, not_actions = texts_of(statement.get("Action")), texts_of(statement.get("NotAction"))
    has_principal = principals is not None or not_principals is not None
    return Statement(
        label=_label(statement, number),
        kinds=_kinds(actions, has_principal) if kinds is None else kinds,
        allows="Deny" not in texts_of(statement.get("Effect")),
        actions=actions,
        not_actions=not_actions,
        resources=texts_of(statement.get("Resource")),
        principals=principals,
        not_principals=not_principals,
        conditions=tuple(conditions),
    )


def _principals(statement: Mapping[str, Any], element: str) -> dict[str, tuple[str, ...]] | None:
    principals = unwrapped(statement.get(element))
    if isinstance(principals, dict):
        return {type_: texts_of(names) for type_, names in principals.items()}
    return None if principals is None else {"*": texts_of(principals)}


def _kinds(actions: tuple[str, ...], has_principal: bool) -> frozenset[Kind]:
    """What a statement may belong to where nothing says who uses it."""
    if not has_principal:
        return frozenset({Kind.IDENTITY})
    if not actions or not all(map(is_known, actions)):
        return frozenset({Kind.KEY, Kind.TRUST})
    services = {action.lower().partition(":")[0] for action in actions}
    if not any(fnmatchcase(service, pattern) for pattern in services for service in ("kms", "sts")):
        return frozenset({Kind.OTHER})
    found = {Kind.KEY: "kms", Kind.TRUST: "sts"}
    return frozenset(
        kind for kind, service in found.items() if any(fnmatchcase(service, pattern) for pattern in services)
    )


def _all_texts(value: Any, keys: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if keys:
                yield str(key)
            yield from _all_texts(item, keys)
    elif isinstance(value, list):
        for item in value:
            yield from _all_texts(item, keys)
    elif isinstance(value, str):
        yield text_of(value)
