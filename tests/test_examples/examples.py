"""The examples that have expectations, and their runs on this worker's emulator."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from harness.cloud import EmulatedCloud
from harness.example_run import ExampleRun
from harness.paths import EXAMPLES as FOLDER
from harness.runs import run_of

EXAMPLES = sorted(path.parent.name for path in FOLDER.glob("*/access.yaml"))


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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()
