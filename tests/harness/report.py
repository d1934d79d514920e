"""The access matrix as a person reads it: for each principal keys down, actions across, a reason for each refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Group
from rich.table import Table
from rich.text import Text

from harness.keys import KeyDescription
from harness.matrix import AccessMatrix, Cell

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "encrypt decrypt": ("Encrypt", "Decrypt", "DecryptWithoutKeyId", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey"),
    "describe": ("DescribeKey",),
    "grant data keys": ("CreateGrant", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair"),
    "read metadata": (
        "GetKeyPolicy",
        "ListKeyPolicies",
        "ListResourceTags",
        "ListGrants",
        "GetKeyRotationStatus",
        "GetPublicKey",
    ),
}
"""The probes under each heading; one mark stands for all of them where they ended alike."""


def access_tables(matrix: AccessMatrix, titles: Mapping[str, str], keys: Mapping[str, KeyDescription]) -> Group:
    """A table for each principal.

    titles: the principals to show, by the name in the matrix -> as a person calls them.
    """
    return Group(*(_table(matrix, principal, title, keys) for principal, title in titles.items()), _legend())


def changes_table(before: AccessMatrix, after: AccessMatrix, titles: Mapping[str, str]) -> Table:
    """What the principals may do now that they could not before, and the other way round, with the reason."""
    table = Table(expand=True)
    table.add_column("principal")
    table.add_column("key", no_wrap=True)
    table.add_column("now", no_wrap=True)
    table.add_column("calls", ratio=2)
    table.add_column("because", ratio=3)
    groups: dict[tuple[str, str, bool], list[Cell]] = {}
    for cell in after.changed_since(before):
        groups.setdefault((cell.principal, cell.key, cell.observed.allowed), []).append(cell)
    for (principal, key, allowed), cells in groups.items():
        word = Text("✓ allowed", "green") if allowed else Text("✗ refused", "red")
        calls = ", ".join(cell.probe for cell in cells)
        table.add_row(titles.get(principal, principal), key, word, calls, "; ".join(_reasons(cells)))
    return table


def _table(matrix: AccessMatrix, principal: str, title: str, keys: Mapping[str, KeyDescription]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", expand=True)
    table.add_column("key", no_wrap=True)
    for heading in COLUMNS:
        table.add_column(heading.replace(" ", "\n"), justify="center", no_wrap=True)
    table.add_column("why refused", ratio=1)
    for key, description in keys.items():
        cells = [cell for cell in matrix.cells if (cell.principal, cell.key) == (principal, key)]
        columns = {heading: [cell for cell in cells if cell.probe in probes] for heading, probes in COLUMNS.items()}
        table.add_row(_key(key, description), *map(_mark, columns.values()), _why(columns))
    return table


def _key(name: str, description: KeyDescription) -> Text:
    tags = ", ".join(f"{key}={value}" for key, value in description.tags.items()) or "no tag"
    where = "in another account" if description.account == "other" else ""
    additions = "with additions" if any("additions" in part for part in description.policy) else ""
    return Text.assemble(name, ("\n" + ", ".join(filter(None, (tags, where, additions))), "dim"))


def _mark(cells: list[Cell]) -> Text:
    allowed = sum(cell.observed.allowed for cell in cells)
    if allowed == len(cells):
        return Text("✓", "green")
    return Text(f"{allowed} of {len(cells)}", "yellow") if allowed else Text("✗", "red")


def _why(columns: Mapping[str, list[Cell]]) -> str:
    headings: dict[str, list[str]] = {}
    for heading, cells in columns.items():
        for reason in _reasons(cell for cell in cells if not cell.observed.allowed):
            headings.setdefault(reason, []).append(heading)
    if len(headings) == 1 and all(any(not cell.observed.allowed for cell in cells) for cells in columns.values()):
        return next(iter(headings))
    return "\n".join(f"{', '.join(names)}: {reason}" for reason, names in headings.items())


def _reasons(cells: Iterable[Cell]) -> list[str]:
    """The different reasons, without what differs only by action."""
    return list(dict.fromkeys(cell.observed.reason.replace(f"kms:{cell.permission}", "it") for cell in cells))


def _legend() -> Text:
    lines = [f"{heading}: {', '.join(probes)}" for heading, probes in COLUMNS.items()]
    return Text("\n".join(lines), "dim")
