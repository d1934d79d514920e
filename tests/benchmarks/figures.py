"""Figures: ratios of rounds, what is required of them, and the line that says both."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the rounds' ratios: what a round measured is compared with the same round's other figure alone.

    Raises ValueError if the numbers of rounds differ, if there is no round, or if a figure is not positive.
    """
    if len(above) != len(below) or not above:
        raise ValueError(f"a ratio needs as many rounds of both figures, not {len(above)} and {len(below)}")
    if min(*above, *below) <= 0:
        raise ValueError("a ratio needs positive figures")
    return median(a / b for a, b in zip(above, below, strict=True))


@dataclass(frozen=True)
class Result:
    """A figure with what is required of it: at least `least`, at most `most`, or nothing if both are None."""

    name: str
    measured: float
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        """Whether the figure is as required."""
        return (self.least is None or self.measured >= self.least) and (self.most is None or self.measured <= self.most)

    def line(self) -> str:
        """`name   measured   required   verdict`."""
        required = (
            f"at least {self.least:g}"
            if self.least is not None
            else f"at most {self.most:g}"
            if self.most is not None
            else ""
        )
        verdict = ("met" if self.met else "MISSED") if required else ""
        # What is not met must not look as if it were: 1.596 is not 1.60.
        measured = f"{self.measured:,.2f}" if self.met else f"{self.measured:,.6g}"
        return f"{self.name:68} {measured:>12}  {required:14} {verdict}".rstrip()


@dataclass
class Report:
    """Prints results as they come, and remembers what was missed and what was left out."""

    missed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Print a line at once."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def add(self, result: Result) -> None:
        """Print a result."""
        self.say(result.line())
        if not result.met:
            self.missed.append(result.name)

    def leave_out(self, name: str, why: str) -> None:
        """Say that a row could not be measured, and why, in one sentence."""
        self.say(f"LEFT OUT: {name}: {why}")
        self.left_out.append(name)

    def exit_status(self) -> int:
        """1 if a requirement was missed, else 0; the last lines say what was missed and left out."""
        if self.left_out:
            self.say(f"Left out: {'; '.join(self.left_out)}.")
        self.say(f"Missed: {'; '.join(self.missed)}." if self.missed else "Every measured requirement is met.")
        return 1 if self.missed else 0
