"""Terraform in a copy of a module or of a configuration of these tests, without an account and without state.

The runner of the harness applies examples; this one reads what Terraform says, message by message.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.aws.cloud import NO_ACCOUNT
from harness.paths import MODULES
from harness.terraform.binary import locate
from harness.terraform.cli_config import terraform_environment
from harness.terraform.provider_relay import KeptProvider
from harness.terraform.runner import NOT_COPIED, Message, read_messages

CONFIGURATIONS = Path(__file__).parent
MORE = "more.tf.json"


@dataclass(frozen=True)
class Outcome:
    """What a command printed with `-json`, message by message, and whether it succeeded."""

    succeeded: bool
    messages: tuple[Message, ...]

    @property
    def errors(self) -> list[str]:
        """The errors' texts on one line each, without Terraform's words around a module's own sentence."""
        return [
            " ".join(found["diagnostic"].get("detail", "").split("This was checked by the")[0].split())
            for found in self.messages
            if found["type"] == "diagnostic" and found["diagnostic"]["severity"] == "error"
        ]

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs of an apply by name."""
        found = [message["outputs"] for message in self.messages if message["type"] == "outputs"]
        return {name: output["value"] for name, output in found[-1].items()}


class ModuleFolder:
    """A module by its name, or a configuration of this folder, in a copy below `root`, initialised.

    provider: the AWS provider. more: blocks to add to it, in Terraform's JSON form.
    """

    def __init__(self, root: Path, name: str, provider: KeptProvider, more: Mapping[str, Any] | None = None) -> None:
        shutil.copytree(MODULES, root / "modules", ignore=NOT_COPIED)
        self.folder = root / "modules" / name
        if not self.folder.exists():
            # Beside the modules' folder, as examples are.
            self.folder = root / "configurations" / name
            shutil.copytree(CONFIGURATIONS / name, self.folder)
        if more is not None:
            (self.folder / MORE).write_text(json.dumps(more), encoding="utf-8")
        self._environment = {**terraform_environment(root), **NO_ACCOUNT, **provider.variables()}
        outcome = self._run("init", "-backend=false", "-input=false")
        assert outcome.returncode == 0, outcome.stderr

    def without_more(self) -> None:
        """Take the added blocks out again."""
        (self.folder / MORE).unlink()

    def run(self, command: str, *options: str, variables: Mapping[str, Any] | None = None) -> Outcome:
        """A command with `-json` (`plan`, `apply`, `test`), with input variables if given."""
        if variables is not None:
            file = self.folder / "given.tfvars.json"
            file.write_text(json.dumps(variables), encoding="utf-8")
            options = (*options, f"-var-file={file.name}")
        answer = self._run(command, "-json", *options)
        return Outcome(answer.returncode == 0, tuple(read_messages(answer.stdout)))

    def planned(self) -> dict[str, Any]:
        """The plan, in the JSON form of `terraform show`."""
        for command in (("plan", "-input=false", "-out=plan.out"), ("show", "-json", "plan.out")):
            answer = self._run(*command)
            assert answer.returncode == 0, answer.stderr
        plan: dict[str, Any] = json.loads(answer.stdout)
        return plan

    def _run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [locate(), command, *options],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
