"""What applies an example: Terraform itself, a stack of a StackSet, or several of these in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from harness.terraform.runner import Applied, PlannedChange


class Deployment(Protocol):
    """What a run needs. `variables` are Terraform's input variables, kept for later calls."""

    def plan(self, **variables: Any) -> list[PlannedChange]:
        """What an apply would change; an empty list if nothing. Raises HarnessError."""

    def apply(self, **variables: Any) -> Applied:
        """Plan and apply. Raises HarnessError."""

    def state_addresses(self) -> list[str]:
        """What was applied and not destroyed, by its names. Raises HarnessError."""

    def destroy(self) -> None:
        """Destroy what was applied. Raises HarnessError."""


class InOrder:
    """Deployments of which each builds on those before it. They are destroyed in the opposite order."""

    def __init__(self, deployments: Sequence[Deployment]) -> None:
        self._deployments = deployments

    def plan(self, **variables: Any) -> list[PlannedChange]:
        """What an apply of all would change."""
        return [change for each in self._deployments for change in each.plan(**variables)]

    def apply(self, **variables: Any) -> Applied:
        """Apply all. The outputs are those of the first."""
        applied = [each.apply(**variables) for each in self._deployments]
        return Applied([change for each in applied for change in each.changes], applied[0].outputs)

    def state_addresses(self) -> list[str]:
        """What all of them hold."""
        return [address for each in self._deployments for address in each.state_addresses()]

    def destroy(self) -> None:
        """Destroy all."""
        for each in reversed(self._deployments):
            each.destroy()
