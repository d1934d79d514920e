"""Wildcard patterns: `*` any run of characters, `?` one character, everything else itself.

Source: IAM user guide "IAM JSON policy elements: Resource" and "String condition operators"; RULES.md
"Action, Resource, Principal and their complements".

Anyone can write a policy, so the cost must not depend on how nasty a pattern is: the text between two stars is looked
for once, from left to right, and never again. That takes time linear in the text for plain pieces, and one step of
integer arithmetic for each character for pieces that hold `?`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

type Part = tuple[str, bool]
"""Some text, and whether wildcards in it are wildcards (True) or plain characters (False)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The part between two stars: the text, and the positions in it at which any character will do."""

    text: str
    open: tuple[int, ...] = ()

    def fits(self, text: str, at: int) -> bool:
        """Whether the piece is in `text` at position `at`."""
        if not self.open:
            return text.startswith(self.text, at)
        if at < 0 or at + len(self.text) > len(text):
            return False
        start = 0
        for position in self.open:
            if text[at + start : at + position] != self.text[start:position]:
                return False
            start = position + 1
        return text.startswith(self.text[start:], at + start)

    def find(self, text: str, start: int) -> int:
        """The first position from `start` on at which the piece is in `text`, or -1."""
        if not self.open:
            return text.find(self.text, start)
        return self._find_with_open_positions(text, start)

    def _find_with_open_positions(self, text: str, start: int) -> int:
        # Shift-and search: bit i of `state` says that the piece's first i+1 characters end here.
        anything = sum(1 << position for position in self.open)
        masks: dict[str, int] = {}
        for position, character in enumerate(self.text):
            masks[character] = masks.get(character, anything) | 1 << position
        accept = 1 << (len(self.text) - 1)
        state = 0
        for position in range(start, len(text)):
            state = (state << 1 | 1) & masks.get(text[position], anything)
            if state & accept:
                return position - len(self.text) + 1
        return -1


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: its pieces; more than one means that stars are between them."""

    pieces: tuple[Piece, ...]

    def matches(self, text: str) -> bool:
        """Whether the whole of `text` fits. Case-sensitive."""
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return len(text) == len(first.text) and first.fits(text, 0)
        position, end = len(first.text), len(text) - len(last.text)
        if end < position or not first.fits(text, 0) or not last.fits(text, end):
            return False
        for piece in self.pieces[1:-1]:
            found = piece.find(text, position)
            if found < 0:
                return False
            position = found + len(piece.text)
        return position <= end

    @property
    def ends_with_star(self) -> bool:
        """Whether the pattern's last character is a star."""
        return len(self.pieces) > 1 and not self.pieces[-1].text

    @property
    def is_star(self) -> bool:
        """Whether the pattern is nothing but stars, so that it fits any text."""
        return len(self.pieces) > 1 and not any(piece.text for piece in self.pieces)


def compile_pattern(text: str) -> Pattern:
    """Compile a pattern in which every `*` and `?` is a wildcard."""
    return compile_parts([(text, True)])


def compile_parts(parts: Iterable[Part]) -> Pattern:
    """Compile a pattern put together from text with wildcards and text without."""
    pieces: list[Piece] = []
    text: list[str] = []
    open_positions: list[int] = []
    length = 0
    for part, wild in parts:
        if not wild:
            text.append(part)
            length += len(part)
            continue
        for index, run in enumerate(part.split("*")):
            if index:
                pieces.append(Piece("".join(text), tuple(open_positions)))
                text, open_positions, length = [], [], 0
            if "?" in run:
                open_positions += [length + offset for offset, character in enumerate(run) if character == "?"]
            text.append(run)
            length += len(run)
    pieces.append(Piece("".join(text), tuple(open_positions)))
    return Pattern(tuple(pieces))


def split_parts(parts: Iterable[Part], separator: str, limit: int) -> list[list[Part]]:
    """Split a pattern at the first `limit` separators, keeping what is a wildcard and what is not."""
    result: list[list[Part]] = [[]]
    for part, wild in parts:
        pieces = part.split(separator, limit - len(result) + 1)
        result[-1].append((pieces[0], wild))
        result.extend([[(piece, wild)] for piece in pieces[1:]])
    return result
