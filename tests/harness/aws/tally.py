"""Counts the real calls behind a test run."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Tally:
    """made: boto3 calls answered. asserted: those whose outcome was compared with a hand-written expectation."""

    made: int = 0
    asserted: int = 0

    def add(self, other: Tally) -> None:
        """Add another count to this one."""
        self.made += other.made
        self.asserted += other.asserted

    def as_dict(self) -> dict[str, int]:
        """The counts as plain data."""
        return asdict(self)


CURRENT = Tally()
"""The count of this process."""


def count_call(**_: object) -> None:
    """A botocore handler for the `after-call` event."""
    CURRENT.made += 1
