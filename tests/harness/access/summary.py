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
    shown = [each for each in SURPRISES if any(_allowed(matrix, each.principal, each.key) for matrix in modes.values())]
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
        number = _number(shown, "appliance", key)
        table.add_row(title, *(_word(_cell(matrix, "appliance", key), number) for matrix in modes.values()))
    return table


def _others(modes: Mapping[str, AccessMatrix], shown: Sequence[Surprise]) -> list[Text]:
    lines = []
    for principal, title in OTHERS.items():
        decrypts = [key for key in KEYS if any(_allowed(matrix, principal, key) for matrix in modes.values())]
        described = [
            key for key in KEYS if all(_allowed(matrix, principal, key, "DescribeKey") for matrix in modes.values())
        ]
        if decrypts:
            what = f"decrypts with {len(decrypts)} of {len(KEYS)} keys"
        elif described:
            what = f"metadata of {len(described)} of {len(KEYS)} keys, decrypts with none"
        else:
            what = "decrypts with no key"
        marks = "".join(f"  !{number}" for key in decrypts if (number := _number(shown, principal, key)))
        lines.append(Text(f"{title:<36}{what}").append(marks, "bold yellow"))
    return lines


def _surprises(shown: Sequence[Surprise]) -> Table:
    table = Table.grid(padding=(0, 1))
    for number, surprise in enumerate(shown, 1):
        table.add_row(Text(f"!{number}", "bold yellow"), surprise.text, "->", surprise.option)
    return table


def _cell(matrix: AccessMatrix, principal: str, key: str, probe: str = "Decrypt") -> Cell:
    return next(cell for cell in matrix.cells if (cell.principal, cell.key, cell.probe) == (principal, key, probe))


def _allowed(matrix: AccessMatrix, principal: str, key: str, probe: str = "Decrypt") -> bool:
    return _cell(matrix, principal, key, probe).observed.allowed


def _number(shown: Sequence[Surprise], principal: str, key: str) -> int | None:
    return next((n for n, each in enumerate(shown, 1) if (each.principal, each.key) == (principal, key)), None)


def _word(cell: Cell, number: int | None) -> Text:
    """Colour says whether the answer is as expected or surprising, and the mark says the same."""
    word = "yes" if cell.observed.allowed else "no"
    if not cell.as_expected:
        return Text(f"{word}  not as expected", "bold red")
    if cell.observed.allowed and number:
        return Text(f"{word}  !{number}", "bold yellow")
    return Text(word, "green")
