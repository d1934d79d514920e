"""Amazon Resource Names, taken apart. Source: IAM user guide "Amazon Resource Names (ARNs)"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Arn:
    """`arn:partition:service:region:account:rest`; the rest may hold colons."""

    partition: str
    service: str
    region: str
    account: str
    rest: str

    @property
    def segments(self) -> tuple[str, str, str, str, str, str]:
        """The six components that are compared one by one."""
        return ("arn", self.partition, self.service, self.region, self.account, self.rest)


@lru_cache(maxsize=4096)
def parse_arn(text: str) -> Arn | None:
    """The parts of an ARN, or None if `text` is none."""
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not parts[2] or not parts[5]:
        return None
    return Arn(*parts[1:])
