"""The demo's summary: what the scanner can decrypt in both modes, what surprises, and the option that changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.access.matrix import AccessMatrix, Cell

WIDTH = 80
"""Columns, so that a terminal of the usual width wraps no line."""

KEYS: Mapping[str, str] = {
    "no-tag": "a key without the tag PlerionAccess",
    "denied": "a key tagged Denied",
    "granted": "a key tagged Granted",
    "denied-additions": "a key tagged Denied, Plerion in its policy",
    "other-account": "a key that another account shares, no tag",
}
"""Names of keys in the matrix -> as the summary calls them, in the order of its rows."""

OTHERS: Mapping[str, str] = {
    "access": "PlerionAccessRole",
    "untagged": "A role without Plerion's tags",
    "tag-bearer": "A session with the appliance's tag",
}
"""The other principals of the matrix -> as the summary calls them."""


@dataclass(frozen=True)
class Surprise:
    """An access that the guide's text does not suggest.

    principal, key: of the cells that show it; they are marked if the call was allowed. text: why it is allowed.
    option: the input of modules/plerion-kms that takes the access away.
    """

    principal: str
    key: str
    text: str
    option: str


SURPRISES = (
    Surprise("appliance", "denied-additions", "A key's own policy outweighs the tag.", "tag_is_binding = true"),
    Surprise("appliance", "other-account", "ALL_KEYS reaches other accounts' keys.", "key_account_ids"),
    Surprise("tag-bearer", "denied-additions", "A session can carry the role's tag.", "pin_additions_to_roles = true"),
)


def summary(modes: Mapping[str, AccessMatrix], switched: Sequence[str], example: str) -> RenderableType:
    """About 20 lines of at most WIDTH columns.

    modes: mode -> what was observed in it; the first is the mode that the example was applied in first.
    switched: what Terraform changed for the second mode, a line each.
    example: the example's name.
    """
    shown = [
        surprise
        for surprise in SURPRISES
        if any(_allowed(_cells(matrix, surprise.principal, surprise.key)) for matrix in modes.values())
    ]
    calls = [cell for matrix in modes.values() for cell in matrix.cells]
    unexpected = sum(not cell.as_expected for cell in calls)
    return Group(
        _appliance(modes, shown),
        "",
        *_others(modes, shown),
        "",
        _surprises(shown),
        "",
        *(Text(f"Mode switch: {line}") for line in switched),
        Text(
            f"{len(calls)} calls to the emulator: {len(calls) - unexpected} as examples/{example}/access.yaml expects.",
            "bold red" if unexpected else "",
        ),
        Text("The emulator decides as AWS documents it. Nothing here ran against AWS."),
    )


def _appliance(modes: Mapping[str, AccessMatrix], shown: Sequence[Surprise]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, width=WIDTH)
    table.add_column("PlerionApplianceRole can decrypt with", ratio=1)
    for mode in modes:
        table.add_column(mode, width=13)
    for key, title in KEYS.items():
        cells = [_cells(matrix, "appliance", key) for matrix in modes.values()]
        table.add_row(title, *(_word(each, _number(shown, "appliance", key)) for each in cells))
    return table


def _others(modes: Mapping[str, AccessMatrix], shown: Sequence[Surprise]) -> list[Text]:
    lines = []
    for principal, title in OTHERS.items():
        by_key = {key: [_cells(matrix, principal, key) for matrix in modes.values()] for key in KEYS}
        decrypts = [key for key, cells in by_key.items() if any(map(_allowed, cells))]
        described = [
            key
            for key in KEYS
            if all(_allowed(_cells(matrix, principal, key, "DescribeKey")) for matrix in modes.values())
        ]
        numbers = [number for key in decrypts if (number := _number(shown, principal, key))]
        what = f"decrypts with {len(decrypts)} of {len(KEYS)} keys" if decrypts else "decrypts with no key"
        if described and not decrypts:
            what = f"metadata of {len(described)} of {len(KEYS)} keys, decrypts with none"
        lines.append(Text(f"{title:<36}{what}").append(_marks(numbers), "bold yellow"))
    return lines


def _surprises(shown: Sequence[Surprise]) -> Table:
    table = Table.grid(padding=(0, 1))
    for number, surprise in enumerate(shown, 1):
        table.add_row(Text(f"!{number}", "bold yellow"), surprise.text, "->", surprise.option)
    return table


def _cells(matrix: AccessMatrix, principal: str, key: str, probe: str = "Decrypt") -> list[Cell]:
    return [cell for cell in matrix.cells if (cell.principal, cell.key, cell.probe) == (principal, key, probe)]


def _allowed(cells: Sequence[Cell]) -> bool:
    return bool(cells) and all(cell.observed.allowed for cell in cells)


def _number(shown: Sequence[Surprise], principal: str, key: str) -> int | None:
    return next((n for n, each in enumerate(shown, 1) if (each.principal, each.key) == (principal, key)), None)


def _marks(numbers: Sequence[int]) -> str:
    return "".join(f"  !{number}" for number in numbers)


def _word(cells: Sequence[Cell], number: int | None) -> Text:
    """Colour says whether the answer is as expected or surprising, and the mark says the same."""
    allowed = _allowed(cells)
    if not all(cell.as_expected for cell in cells):
        return Text(f"{'yes' if allowed else 'no'}  not as expected", "bold red")
    if allowed and number:
        return Text(f"yes  !{number}", "bold yellow")
    return Text("yes" if allowed else "no", "green")
