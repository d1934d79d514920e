"""An example on the stage: applied, switched from mode to mode, destroyed; with its principals and keys."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from harness.access import expectations
from harness.access.matrix import AccessMatrix, observe
from harness.aws.cloud import Cloud
from harness.aws.principals import Principal
from harness.examples.accounts import Stage, Targets
from harness.examples.deployment import Deployment
from harness.terraform.runner import PlannedChange, Terraform

type Changes = list[PlannedChange]


class ExampleRun:
    """One example, applied by the deployer. Use as a context manager; nothing is applied before `in_mode`.

    folder: a temporary folder of the run. terraforms: what the run started of Terraform, the example's own first.
    deployment: what applies the example. outputs: the example's, completed. switch: what the last change of mode
    planned; None if the mode was never changed.
    stage: None makes a new one.
    """

    folder: Path
    deployment: Deployment

    def __init__(self, example: str, cloud: Cloud, stage: Stage | None = None) -> None:
        self.example = example
        self.expectations = expectations.load(example)
        self.stage = stage or Stage(cloud)
        self.terraforms: list[Terraform] = []
        self.mode: str | None = None
        self.outputs: dict[str, Any] = {}
        self.switch: Changes | None = None
        self._resources = ExitStack()
        self._variables: Mapping[str, Any] = {}
        self._principals: dict[str, Principal] = {}
        self._targets: Targets = {}

    def __enter__(self) -> Self:
        with ExitStack() as self._resources:
            self.folder = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="plerion-kms-run-")))
            self.deployment = self.deploy({**self.stage.terraform_variables(), **self.prepare()})
            self._resources = self._resources.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._resources.close()

    def prepare(self) -> Mapping[str, Any]:
        """Make what has to exist before the example is applied; returns further input variables."""
        return {}

    def deploy(self, variables: Mapping[str, Any]) -> Deployment:
        """What applies the example."""
        return self.start_terraform(self.example, variables)

    def start_terraform(self, example: str, variables: Mapping[str, Any]) -> Terraform:
        """Terraform in a copy of an example, which is removed with the run."""
        terraform = Terraform.of_example(example, self.environment(), variables, relay=self.stage.relay)
        self.terraforms.append(self._resources.enter_context(terraform))
        return terraform

    @property
    def terraform(self) -> Terraform:
        """The Terraform of the example; where there are several, the first."""
        return self.terraforms[0]

    def environment(self) -> dict[str, str]:
        """Environment variables for Terraform."""
        return self.stage.deployer.terraform_environment()

    def complete(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Do what customers do by hand after each apply; returns the outputs, completed."""
        return outputs

    def in_mode(self, mode: str, **variables: Any) -> Changes:
        """Apply the example in that mode, with further input variables, unless it is applied so. Returns what changed.

        Raises TerraformError.
        """
        if self.mode == mode and self._variables == variables:
            return []
        for terraform in self.terraforms:
            if self.mode is None:
                terraform.init()
            for name in self._variables:
                terraform.variables.pop(name, None)
        self._variables = variables
        applied = self.deployment.apply(kms_key_access_mode=mode, **variables)
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
    def targets(self) -> Targets:
        """The keys of the expectations, as `Stage.targets` gives them, made once."""
        if not self._targets:
            self._targets = self.stage.targets(self.expectations.keys, self.outputs)
        return self._targets

    def destroy(self) -> None:
        """Destroy what was applied; the next `in_mode` applies again."""
        self.deployment.destroy()
        # The tests keep every run until their end.
        for terraform in self.terraforms:
            terraform.stop_provider()
        self.mode = None
        self._principals = {}
        self._targets = {}
