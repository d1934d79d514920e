"""The access matrix: principals x keys x probes -> observed, expected, reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.access.expectations import Expectations
from harness.access.probes import Observation, Target, probe
from harness.aws.principals import Principal
from plerion_kms.probes import PROBES, applicable


@dataclass(frozen=True)
class Cell:
    """One call: caller, key, probe, expected and observed result."""

    principal: str
    key: str
    probe: str
    expected: bool
    observed: Observation

    @property
    def as_expected(self) -> bool:
        """Whether the call ended as the expectations say."""
        return self.observed.allowed == self.expected

    @property
    def permission(self) -> str:
        """The permission that the call needs, without `kms:`."""
        return PROBES[self.probe].permission

    def describe(self) -> str:
        """One line for a failed test."""
        word = {True: "allowed", False: "refused"}
        why = "; but for a condition: ".join((self.observed.reason, *self.observed.near_misses))
        return (
            f"{self.principal} on {self.key}: {self.probe} was {word[self.observed.allowed]}, "
            f"expected {word[self.expected]} ({why})"
        )


@dataclass(frozen=True)
class AccessMatrix:
    """What was observed, cell by cell."""

    cells: tuple[Cell, ...]

    def mismatches(self) -> list[Cell]:
        """The cells that did not end as expected."""
        return [cell for cell in self.cells if not cell.as_expected]

    def changed_since(self, before: AccessMatrix) -> list[Cell]:
        """The cells whose outcome is another than the same cell's in `before`."""
        earlier = {(cell.principal, cell.key, cell.probe): cell.observed.allowed for cell in before.cells}
        return [
            cell
            for cell in self.cells
            if earlier.get((cell.principal, cell.key, cell.probe), cell.observed.allowed) != cell.observed.allowed
        ]


def observe(
    expectations: Expectations,
    mode: str,
    principals: Mapping[str, Principal],
    targets: Mapping[str, Mapping[str, Target]],
    only: Iterable[tuple[str, str]] | None = None,
) -> Iterator[Cell]:
    """Make every call of a mode, or those of the (principal, key) pairs in `only`, and yield the cells as they come.

    targets: account of the caller -> key name -> what the probes work on.
    """
    wanted = None if only is None else set(only)
    for principal_name, lines in expectations.access[mode].items():
        principal = principals[principal_name]
        for key_name, allowed in lines.items():
            if wanted is not None and (principal_name, key_name) not in wanted:
                continue
            target = targets[principal.account][key_name]
            for name in applicable(target.key.spec):
                yield Cell(principal_name, key_name, name, name in allowed, probe(principal, target, name))
