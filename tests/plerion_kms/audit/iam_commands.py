"""AWS CLI commands that change a role, one a line. What only a person can say they take from the environment, and end
with a sentence where it is not set."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plerion_kms.audit.key_statements import statements_of, with_statements
from plerion_kms.audit.mode_statements import MODES, mode_of
from plerion_kms.audit.snapshot import SavedAccount, SavedRole, Snapshot

ASKED = {
    "PLERION_EXTERNAL_ID": "set it to the external id that Plerion shows for the integration",
    "PLERION_MODE": f"set it to the mode to keep, {' or '.join(MODES)}",
}
"""Environment variables of the commands, and what to set them to."""
_PLACE = "PLERION-EXTERNAL-ID"


def put_role_policy(role: str, name: str, document: str) -> str:
    """The command that gives a role an inline policy. role: its ARN."""
    return _iam("put-role-policy", role, "--policy-name", name, "--policy-document", document)


def tag_role(role: str, key: str, value: str) -> str:
    """The command that tags a role."""
    return _iam("tag-role", role, "--tags", f"Key={key},Value={value}")


def ask_external_id(role: SavedRole, trust: str, statements: Sequence[Mapping[str, Any]]) -> str:
    """The command that makes these statements of the trust policy ask for the external id."""
    changed = [
        _with_external_id(statement) if statement in statements else statement
        for statement in statements_of(trust) or ()
    ]
    command = _iam("update-assume-role-policy", role.arn, "--policy-document", with_statements(trust, changed))
    # The text is within single quotes, which end around the variable.
    return command.replace(_PLACE, f"""'"{variable("PLERION_EXTERNAL_ID")}"'""")


def keep_one_mode(role: SavedRole, account: SavedAccount, snapshot: Snapshot) -> str:
    """The command that leaves the role the statements of one mode."""
    branches = "".join(
        f" {mode}) {' && '.join(_without_other_modes(mode, role, account, snapshot))} ;;" for mode in MODES
    )
    return f'case "{variable("PLERION_MODE")}" in{branches} *) echo "PLERION_MODE is no mode." >&2; exit 1 ;; esac'


def variable(name: str) -> str:
    """The variable as a shell reads it."""
    return f"${{{name}:?{ASKED[name]}}}"


def _with_external_id(statement: Mapping[str, Any]) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    for operator, operands in (statement.get("Condition") or {}).items():
        others = {key: value for key, value in operands.items() if key.lower() != "sts:externalid"}
        if others:
            condition[operator] = others
    equals = {**condition.get("StringEquals", {}), "sts:ExternalId": _PLACE}
    return {**statement, "Condition": {**condition, "StringEquals": equals}}


def _without_other_modes(mode: str, role: SavedRole, account: SavedAccount, snapshot: Snapshot) -> Iterator[str]:
    for name, digest in role.inline.items():
        text = snapshot.policies.get(digest, "")
        kept = _kept(mode, text)
        if kept:
            yield put_role_policy(role.arn, name, with_statements(text, kept))
        elif kept is not None:
            yield _iam("delete-role-policy", role.arn, "--policy-name", name)
    for arn in role.attached:
        text = snapshot.policies.get(account.managed.get(arn, ""), "")
        kept = _kept(mode, text)
        if kept:
            words = ("--policy-arn", arn, "--set-as-default", "--policy-document", with_statements(text, kept))
            yield shlex.join(("aws", "iam", "create-policy-version", *words))
        elif kept is not None:
            yield _iam("detach-role-policy", role.arn, "--policy-arn", arn)


def _kept(mode: str, text: str) -> list[dict[str, Any]] | None:
    """The statements of a policy without those of another mode; None if it has none of these."""
    statements = statements_of(text) or []
    kept = [statement for statement in statements if mode_of(statement) in (None, mode)]
    return None if len(kept) == len(statements) else kept


def _iam(operation: str, role: str, *words: str) -> str:
    return shlex.join(("aws", "iam", operation, "--role-name", role.rpartition("/")[2], *words))
