"""The examples that have expectations, and their runs on this worker's emulator."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from harness.aws.cloud import EmulatedCloud
from harness.examples.run import ExampleRun
from harness.examples.special import run_of
from harness.paths import EXAMPLES as FOLDER

EXAMPLES = sorted(path.parent.name for path in FOLDER.glob("*/access.yaml"))

CALLED_IN_CI_ALONE = {
    ("existing-keys", "SELECTED_KEYS"),
    ("existing-roles", "ALL_KEYS"),
    ("existing-roles", "SELECTED_KEYS"),
    ("organization", "SELECTED_KEYS"),
}
"""Examples and modes of which the calls repeat those of all-keys, selected-keys and documents-only."""


@dataclass
class Runs:
    """The runs of this worker by example, each started when it is first asked for."""

    cloud: EmulatedCloud
    _stack: ExitStack = field(default_factory=ExitStack)
    _runs: dict[str, ExampleRun] = field(default_factory=dict)

    def of(self, example: str) -> ExampleRun:
        """The run of the example of that name."""
        if example not in self._runs:
            self._runs[example] = self._stack.enter_context(run_of(example, self.cloud))
        return self._runs[example]

    def warnings(self) -> dict[str, list[str]]:
        """By example: what the last plan or apply of each warned of, but for the check blocks of our modules."""
        found = {
            example: others_than_ours([warning for each in run.terraforms for warning in each.warnings])
            for example, run in self._runs.items()
        }
        return {example: warnings for example, warnings in found.items() if warnings}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()


def others_than_ours(warnings: list[str]) -> list[str]:
    """Those that are not of a check block: Terraform's and the provider's own, such as of something deprecated."""
    ours = ("Check block assertion failed (", "Check block assertion known after apply (")
    return [warning for warning in warnings if not warning.startswith(ours)]
