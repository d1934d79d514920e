"""Expectations: who may do what with which key, written by hand in `access.yaml` beside each example.

The file has two parts. `keys` names the keys and describes them (`harness.keys.KeyDescription`). `access` says, by
mode, principal and key, what is allowed, as group names and probe names; `nothing` stands for no permission. Every
principal has a line for every key, and what a line does not name is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from harness.errors import HarnessError
from harness.keys import KeyDescription
from harness.paths import EXAMPLES
from harness.probe import CALLS, applicable

GROUPS: Mapping[str, tuple[str, ...]] = {
    "nothing": (),
    # Listed by the mode statement and by the key-policy additions alike.
    "use": (
        "Encrypt",
        "Decrypt",
        "DecryptWithoutKeyId",
        "ReEncryptFrom",
        "ReEncryptTo",
        "GenerateDataKey",
        "DescribeKey",
    ),
    # Listed by the mode statement alone.
    "extend": ("GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "CreateGrant"),
    # Describe*, List* and Get* of one key.
    "metadata": (
        "DescribeKey",
        "GetKeyPolicy",
        "ListKeyPolicies",
        "ListResourceTags",
        "ListGrants",
        "GetKeyRotationStatus",
        "GetPublicKey",
    ),
    # The part of metadata that KMS offers to callers of other accounts.
    "metadata-across-accounts": ("DescribeKey", "ListGrants", "GetKeyRotationStatus", "GetPublicKey"),
}


@dataclass(frozen=True)
class Expectations:
    """One example's expectations. access: mode -> principal -> key -> the probes that are allowed."""

    keys: Mapping[str, KeyDescription]
    access: Mapping[str, Mapping[str, Mapping[str, frozenset[str]]]]

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes in the file's order; the first is the one that the example is applied with."""
        return tuple(self.access)

    @property
    def principals(self) -> tuple[str, ...]:
        """The principals of all modes, in the file's order."""
        return tuple(dict.fromkeys(principal for by_principal in self.access.values() for principal in by_principal))


def load(example: str) -> Expectations:
    """The expectations of the example of that name. Raises HarnessError."""
    return read(EXAMPLES / example / "access.yaml")


def read(path: Path) -> Expectations:
    """Read and check a file. Raises HarnessError that names the file, the place and what belongs there."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise HarnessError(f"{path} cannot be read ({error}): mend the file.") from error
    if not isinstance(document, dict) or set(document) != {"keys", "access"}:
        raise HarnessError(f"{path} must hold the two parts 'keys' and 'access' and no other.")
    keys = {name: _description(path, name, raw or {}) for name, raw in document["keys"].items()}
    access = {
        mode: {principal: _lines(path, f"{mode}.{principal}", lines, keys) for principal, lines in by_principal.items()}
        for mode, by_principal in document["access"].items()
    }
    return Expectations(keys, access)


def _description(path: Path, name: str, raw: Mapping[str, Any]) -> KeyDescription:
    known = {field.name for field in fields(KeyDescription)}
    if not set(raw) <= known:
        unknown = ", ".join(sorted(set(raw) - known))
        raise HarnessError(
            f"{path}: key '{name}' has unknown fields ({unknown}): take some of {', '.join(sorted(known))}."
        )
    values = dict(raw)
    if "policy" in values:
        values["policy"] = tuple(part.strip() for part in values["policy"].split("+"))
    return KeyDescription(**values)


def _lines(
    path: Path, place: str, lines: Mapping[str, str], keys: Mapping[str, KeyDescription]
) -> dict[str, frozenset[str]]:
    if set(lines) != set(keys):
        off = ", ".join(sorted(set(lines) ^ set(keys)))
        raise HarnessError(f"{path}: {place} must have one line for each key: look at {off}.")
    return {key: _allowed(path, f"{place}.{key}", words, keys[key].spec) for key, words in lines.items()}


def _allowed(path: Path, place: str, words: str, spec: str) -> frozenset[str]:
    allowed: set[str] = set()
    for word in words.split():
        if word in GROUPS:
            allowed.update(GROUPS[word])
        elif word in CALLS:
            allowed.add(word)
        else:
            raise HarnessError(
                f"{path}: '{word}' at {place} is neither a group nor a probe: take some of "
                f"{', '.join((*GROUPS, *CALLS))}."
            )
    if not words.split():
        raise HarnessError(f"{path}: {place} is empty: write 'nothing' for no permission.")
    return frozenset(allowed) & frozenset(applicable(spec))
