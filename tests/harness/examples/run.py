"""An example on the stage: applied, switched from mode to mode, destroyed; the principals and keys that go with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from harness.access import expectations
from harness.access.matrix import AccessMatrix, observe
from harness.access.probes import Target
from harness.aws.cloud import Cloud
from harness.aws.principals import Principal
from harness.examples.accounts import Stage
from harness.terraform.runner import PlannedChange, Terraform

type Changes = list[PlannedChange]


class ExampleRun:
    """One example, applied by the deployer. Use as a context manager; nothing is applied before `in_mode`.

    stage: None makes a new one.
    """

    def __init__(self, example: str, cloud: Cloud, stage: Stage | None = None) -> None:
        self.example = example
        self.expectations = expectations.load(example)
        self.stage = stage or Stage(cloud)
        self.mode: str | None = None
        self.outputs: dict[str, Any] = {}
        self.switch: Changes | None = None
        """What the last change of mode planned; None where the mode was never changed."""
        variables = {**self.stage.terraform_variables(), **self.prepare()}
        self.terraform = self.terraform_with(variables)
        self._variables: Mapping[str, Any] = {}
        self._principals: dict[str, Principal] = {}
        self._targets: dict[str, dict[str, Target]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.terraform.close()

    def prepare(self) -> Mapping[str, Any]:
        """What has to exist before the example is applied; returns further input variables."""
        return {}

    def terraform_with(self, variables: Mapping[str, Any]) -> Terraform:
        """What applies the example."""
        return Terraform.of_example(self.example, self.environment(), variables, kept_provider=self.stage.kept_provider)

    def environment(self) -> dict[str, str]:
        """Environment variables for Terraform."""
        return self.stage.deployer.terraform_environment()

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """What a person does by hand after each apply; returns the outputs, completed."""
        return outputs

    def in_mode(self, mode: str, **variables: Any) -> Changes:
        """Apply the example in that mode, with further input variables, unless it is applied so. Returns what changed.

        Raises TerraformError.
        """
        if self.mode == mode and self._variables == variables:
            return []
        if self.mode is None:
            self.terraform.init()
        for name in self._variables:
            del self.terraform.variables[name]
        self._variables = variables
        applied = self.terraform.apply(kms_key_access_mode=mode, **variables)
        self.outputs = self.complete(applied.outputs)
        if self.mode not in (None, mode):
            self.switch = applied.changes
        self.mode = mode
        return applied.changes

    def matrix(self, only: Iterable[tuple[str, str]] | None = None) -> AccessMatrix:
        """Make the calls of the current mode, or those of the (principal, key) pairs in `only`."""
        assert self.mode is not None, "in_mode comes first"
        return AccessMatrix(tuple(observe(self.expectations, self.mode, self.principals, self.targets, only)))

    @property
    def principals(self) -> dict[str, Principal]:
        """The principals of the expectations, their sessions started once."""
        if not self._principals:
            self._principals = self.stage.principals(self.outputs)
        return self._principals

    @property
    def targets(self) -> dict[str, dict[str, Target]]:
        """The keys of the expectations, as `Stage.targets` gives them, made once."""
        if not self._targets:
            self._targets = self.stage.targets(self.expectations.keys, self.outputs)
        return self._targets

    def destroy(self) -> None:
        """Destroy what was applied; the next `in_mode` applies again."""
        self.terraform.destroy()
        # A run of the tests keeps every example until its end.
        self.terraform.stop_provider()
        self.mode = None
        self._principals = {}
        self._targets = {}
