"""Conditions on what a real call has and the audit can't know: its address, its time, its credentials.

Such a condition is taken once as failing and once as holding. Where both give the same answer the answer is certain;
elsewhere it is undecided, and the condition keys are named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from plerion_kms.audit.snapshot import Snapshot
from plerion_kms.authorization.grammar import as_list

UNKNOWN = (
    "aws:calledvia",
    "aws:currenttime",
    "aws:ec2instancesource",
    "aws:epochtime",
    "aws:federatedprovider",
    "aws:multifactorauth",
    "aws:principalorgpaths",
    "aws:referer",
    "aws:resourceorgpaths",
    "aws:sourceidentity",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:vpce",
    "aws:vpcsourceip",
    "ec2:roledelivery",
    "ec2:sourceinstancearn",
    "kms:encryptioncontext",
    "kms:requestalias",
)
"""How the names begin, in lower case. Source: IAM user guide "AWS global condition context keys", KMS developer guide
"Condition keys for AWS KMS"."""

OF_ORGANIZATION = ("aws:principalorgid", "aws:resourceorgid")
"""Known once the organization was read."""

_NEVER = {"Action": "none:None", "Resource": "*"}
"""In place of a statement that does not apply, so that the others keep their numbers."""


def unknown_keys(text: str, *, organization_known: bool) -> tuple[str, ...]:
    """The condition keys of a policy that the audit can't know, as written; none if the text is no policy."""
    found: dict[str, None] = {}
    for statement in _statements(_parsed(text)):
        found |= dict.fromkeys(key for _, key, _ in _unknown(statement, _names(organization_known)))
    return tuple(found)


def cases(snapshot: Snapshot) -> tuple[Snapshot, Snapshot]:
    """The snapshot with every unknown condition deciding against access, and the one with each deciding for it."""
    names = _names(all(account.organization for account in snapshot.accounts))
    against, for_it = (
        {digest: _rewritten(text, names, allow=allow) for digest, text in snapshot.policies.items()}
        for allow in (False, True)
    )
    return replace(snapshot, policies=against), replace(snapshot, policies=for_it)


def _rewritten(text: str, names: tuple[str, ...], *, allow: bool) -> str:
    document = _parsed(text)
    statements = _statements(document)
    if not any(_unknown(statement, names) for statement in statements):
        return text
    return json.dumps({**document, "Statement": [_case(statement, names, allow=allow) for statement in statements]})


def _case(statement: Any, names: tuple[str, ...], *, allow: bool) -> Any:
    unknown = _unknown(statement, names)
    if not unknown:
        return statement
    if (statement.get("Effect") == "Allow") != allow:
        rest = {key: value for key, value in statement.items() if key in ("Sid", "Effect", "Principal", "NotPrincipal")}
        return {**rest, **_NEVER}
    dropped = {(operator, key) for operator, key, _ in unknown}
    condition = {
        operator: {key: value for key, value in operands.items() if (operator, key) not in dropped}
        for operator, operands in statement["Condition"].items()
    }
    condition = {operator: operands for operator, operands in condition.items() if operands}
    rest = {key: value for key, value in statement.items() if key != "Condition"}
    return {**rest, "Condition": condition} if condition else rest


def _unknown(statement: Any, names: tuple[str, ...]) -> list[tuple[str, str, Any]]:
    condition = statement.get("Condition") if isinstance(statement, dict) else None
    if not isinstance(condition, dict):
        return []
    return [
        (operator, key, value)
        for operator, operands in condition.items()
        if isinstance(operands, dict)
        for key, value in operands.items()
        if key.lower().startswith(names) or any(f"${{{name}" in json.dumps(value).lower() for name in names)
    ]


def _names(organization_known: bool) -> tuple[str, ...]:
    return UNKNOWN if organization_known else UNKNOWN + OF_ORGANIZATION


def _statements(document: Mapping[str, Any]) -> list[Any]:
    return as_list(document.get("Statement", []))


def _parsed(text: str) -> Mapping[str, Any]:
    """The document; empty for what is no JSON object or names a member twice, which the decision refuses itself."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        document = dict(pairs)
        if len(document) < len(pairs):
            raise ValueError
        return document

    try:
        document = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
