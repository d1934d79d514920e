"""The access matrix for people: for each principal keys down and groups of calls across, each refusal with the number
of its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.access.matrix import AccessMatrix, Cell
from harness.aws.keys import KeyDescription
from plerion_kms.probes import PROBES


def _columns() -> dict[str, list[str]]:
    """Heading -> the probes under it: those of the same groups. One mark stands for all that ended alike."""
    columns: dict[str, list[str]] = {}
    for name, probe in PROBES.items():
        if groups := [group for group in probe.groups if group != "metadata-across-accounts"]:
            columns.setdefault(" + ".join(groups), []).append(name)
    return columns


COLUMNS = _columns()


@dataclass
class Reasons:
    """The different reasons in a report, numbered from 1 in the order of their first use."""

    _numbers: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict)

    def numbers(self, cells: Iterable[Cell]) -> str:
        """The numbers of these cells' reasons, as `1` or `1, 2`."""
        found = [(cell.observed.reason, cell.observed.near_misses) for cell in cells]
        return ", ".join(str(self._numbers.setdefault(each, len(self._numbers) + 1)) for each in dict.fromkeys(found))

    def table(self) -> Table:
        """What each number stands for."""
        table = _table("why")
        table.add_column(justify="right", style="bold")
        table.add_column()
        for (reason, near_misses), number in self._numbers.items():
            lines = [Text(reason), *(Text(f"but for a condition: {each}", "dim") for each in near_misses)]
            table.add_row(str(number), Text("\n").join(lines))
        return table


def access_report(matrix: AccessMatrix, titles: Mapping[str, str], keys: Mapping[str, KeyDescription]) -> Group:
    """A table for each principal, and the reasons.

    titles: the principals to show, by the name in the matrix -> as a person calls them.
    """
    reasons = Reasons()
    tables = [_access_table(matrix, principal, title, keys, reasons) for principal, title in titles.items()]
    return Group(*tables, _legend(), reasons.table())


def changes_report(before: AccessMatrix, after: AccessMatrix, titles: Mapping[str, str]) -> RenderableType:
    """What the principals may do now that they could not before, and the other way round, with the reasons."""
    reasons = Reasons()
    table = _table("")
    for heading in ("principal", "key", "now", "calls"):
        table.add_column(heading)
    groups: dict[tuple[str, str, bool], list[Cell]] = {}
    for cell in after.changed_since(before):
        groups.setdefault((cell.principal, cell.key, cell.observed.allowed), []).append(cell)
    for (principal, key, allowed), cells in groups.items():
        word = Text("✓ allowed", "green") if allowed else Text("✗ refused", "red")
        word.append(f" {reasons.numbers(cells)}", "dim")
        table.add_row(titles.get(principal, principal), key, word, ", ".join(cell.probe for cell in cells))
    return Group(table, reasons.table())


def _table(title: str) -> Table:
    return Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        show_header=title != "why",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        expand=True,
    )


def _access_table(
    matrix: AccessMatrix, principal: str, title: str, keys: Mapping[str, KeyDescription], reasons: Reasons
) -> Table:
    table = _table(title)
    table.add_column("key", ratio=3)
    for heading in COLUMNS:
        table.add_column(heading, ratio=1)
    for key, description in keys.items():
        cells = [cell for cell in matrix.cells if (cell.principal, cell.key) == (principal, key)]
        marks = [_mark([cell for cell in cells if cell.probe in probes], reasons) for probes in COLUMNS.values()]
        table.add_row(_key(key, description), *marks)
    return table


def _key(name: str, description: KeyDescription) -> Text:
    tags = ", ".join(f"{key}={value}" for key, value in description.tags.items()) or "no tag"
    where = "in another account" if description.account == "other" else ""
    additions = "with additions" if any("additions" in part for part in description.policy) else ""
    return Text.assemble(name, (f"  {', '.join(filter(None, (tags, where, additions)))}", "dim"))


def _mark(cells: list[Cell], reasons: Reasons) -> Text:
    refused = [cell for cell in cells if not cell.observed.allowed]
    if not refused:
        return Text("✓", "green")
    allowed = len(cells) - len(refused)
    mark = Text(f"{allowed} of {len(cells)}", "yellow") if allowed else Text("✗", "red")
    return mark.append(f" {reasons.numbers(refused)}", "dim")


def _legend() -> Text:
    lines = [f"{heading}: {', '.join(probes)}" for heading, probes in COLUMNS.items()]
    return Text("\n".join(lines) + "\n", "dim")
