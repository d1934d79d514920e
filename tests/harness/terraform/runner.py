"""Terraform for one example: a thin runner over python-terraform, which is unmaintained and therefore used only here.

The example is copied to a temporary folder together with the modules, so no state and no lock file reach the tree.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
import python_terraform

from harness.errors import HarnessError
from harness.paths import EXAMPLES, MODULES
from harness.terraform import provider_binary
from harness.terraform.binary import locate
from harness.terraform.cli_config import terraform_environment
from harness.terraform.hcl import read_folder
from harness.terraform.provider_relay import KeptProvider
from harness.terraform.provider_schema import named_types

PLAN_FILE = "harness.tfplan"
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
VARIABLES_FILE = "harness.auto.tfvars.json"
NOT_COPIED = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate", "*.tfstate.*", "*.tfplan")


class TerraformError(HarnessError):
    """A Terraform command failed; the message holds Terraform's own words."""


@dataclass(frozen=True)
class PlannedChange:
    """One resource of a plan that is not left as it is: its address and what Terraform does with it (`create`,
    `update`, `replace`, `delete`, `move`, `import`)."""

    address: str
    action: str


@dataclass(frozen=True)
class Applied:
    """What an apply had planned, and the outputs' values by name afterwards."""

    changes: list[PlannedChange]
    outputs: dict[str, Any]


type Message = Mapping[str, Any]
"""One message of Terraform's machine-readable output. Source: Terraform's documentation, "Machine-Readable UI"."""


class Terraform:
    """One example (or any folder below the project) in a temporary copy. Use as a context manager.

    source: the folder to copy. environment: variables for Terraform's process (credentials, endpoint), laid over the
    caller's own without its AWS_ and TF_VAR_ ones. variables: input variables of every plan and apply, changed per
    call if need be. kept_provider: False starts the provider anew for each command, as Terraform does for customers.
    warnings: Terraform's, of the last plan, apply or destroy.
    """

    def __init__(
        self,
        source: Path,
        environment: Mapping[str, str],
        variables: Mapping[str, Any] | None = None,
        *,
        kept_provider: bool = True,
    ) -> None:
        self.source = source
        self.variables = dict(variables or {})
        self.warnings: list[str] = []
        self._binary = locate()
        self._temporary = tempfile.TemporaryDirectory(prefix="plerion-kms-")
        root = Path(self._temporary.name)
        # The copy keeps the tree's shape, since examples name modules by relative path.
        shutil.copytree(MODULES, root / "modules", ignore=NOT_COPIED)
        self.folder = root / "examples" / source.name
        shutil.copytree(source, self.folder, ignore=NOT_COPIED)
        self._environment = {**terraform_environment(root), **environment}
        self._provider: KeptProvider | None = None
        if kept_provider:
            self._provider = self._keep_provider()
        self._runner = python_terraform.Terraform(working_dir=str(self.folder), terraform_bin_path=str(self._binary))

    def _keep_provider(self) -> KeptProvider | None:
        types = named_types(self.folder.parents[1])
        return KeptProvider(provider_binary.locate(), types, self._environment, self.folder) if types else None

    @classmethod
    def of_example(
        cls,
        name: str,
        environment: Mapping[str, str],
        variables: Mapping[str, Any] | None = None,
        *,
        kept_provider: bool = True,
    ) -> Self:
        """The example of that name, with those of the variables that it declares: Terraform warns of others.

        Raises HarnessError where there is no such example.
        """
        if not (EXAMPLES / name).is_dir():
            known = ", ".join(sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
            raise HarnessError(f"There is no example '{name}' in {EXAMPLES}: the examples are {known}.")
        declared = {variable.name for variable in read_folder(EXAMPLES / name).variables}
        given = {variable: value for variable, value in (variables or {}).items() if variable in declared}
        return cls(EXAMPLES / name, environment, given, kept_provider=kept_provider)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the copy with its state, after ending a Terraform that an interrupt left running in it.

        What was applied stays where it is; `destroy` removes that.
        """
        self.stop_provider()
        end_processes_below(self.folder)
        self._temporary.cleanup()

    def renew(self, environment: Mapping[str, str]) -> None:
        """Use the credentials in `environment` from the next command on."""
        credentials = {name: value for name, value in environment.items() if name in CREDENTIALS}
        if not credentials.items() <= self._environment.items():
            self._environment |= credentials
            if self._provider is not None:
                self._provider.stop()
                self._provider = self._keep_provider()

    def init(self) -> None:
        """`terraform init`. Raises TerraformError."""
        self._run("init", backend=False, get=True, input=False, no_color=python_terraform.IsFlagged)

    def validate(self) -> None:
        """`terraform validate`. Raises TerraformError."""
        self._run("validate", no_color=python_terraform.IsFlagged)

    def plan(self, **variables: Any) -> list[PlannedChange]:
        """What an apply with `variables` laid over the instance's would change; an empty list where nothing.

        The variables are kept for later calls. Raises TerraformError.
        """
        return self._planned(self._run_with_messages("plan", variables))

    def plan_document(self, **variables: Any) -> dict[str, Any]:
        """The same plan as `terraform show -json` prints it. Raises TerraformError."""
        self._run_with_messages("plan", variables, out=PLAN_FILE)
        document: dict[str, Any] = json.loads(self._run("show", PLAN_FILE, json=python_terraform.IsFlagged))
        return document

    def apply(self, **variables: Any) -> Applied:
        """Plan and apply in one go. `variables` as for `plan`. Raises TerraformError."""
        messages = self._run_with_messages("apply", variables, auto_approve=python_terraform.IsFlagged)
        outputs = [message["outputs"] for message in messages if message["type"] == "outputs"]
        return Applied(
            self._planned(messages), {name: output["value"] for name, output in (outputs or [{}])[-1].items()}
        )

    def outputs(self) -> dict[str, Any]:
        """The outputs' values by name. Raises TerraformError."""
        raw = json.loads(self._run("output", json=python_terraform.IsFlagged))
        return {name: output["value"] for name, output in raw.items()}

    def state_addresses(self) -> list[str]:
        """The addresses in the state, data sources included. Raises TerraformError."""
        return self._run("state list").split()

    def move_state(self, source: str, destination: str) -> None:
        """Give what the state has at one address another address. Raises TerraformError."""
        self._run("state mv", source, destination)

    def remove_from_state(self, address: str) -> None:
        """Forget what the state has at and below one address; it stays where it is. Raises TerraformError."""
        self._run("state rm", address)

    def import_resource(self, address: str, identifier: str) -> None:
        """Take what exists under that identifier into the state, at that address. Raises TerraformError."""
        self._write_variables()
        self._run("import", address, identifier, input=False, no_color=python_terraform.IsFlagged)

    def destroy(self) -> None:
        """`terraform destroy`. Raises TerraformError."""
        self._run_with_messages("destroy", {}, auto_approve=python_terraform.IsFlagged)

    def stop_provider(self) -> None:
        """End the provider's processes, some 200 MB each; the next command starts them again."""
        if self._provider is not None:
            self._provider.stop()

    @staticmethod
    def _planned(messages: Iterable[Message]) -> list[PlannedChange]:
        changes = [message["change"] for message in messages if message["type"] == "planned_change"]
        return [
            PlannedChange(change["resource"]["addr"], change["action"])
            for change in changes
            if change["action"] not in ("noop", "read")
        ]

    def _run_with_messages(self, command: str, variables: Mapping[str, Any], **options: Any) -> list[Message]:
        """Run a command with Terraform's machine-readable output, one JSON object a line."""
        self.variables.update(variables)
        self._write_variables()
        code, out, err = self._call(command, json=python_terraform.IsFlagged, input=False, **options)
        messages = read_messages(out)
        diagnostics = [message["diagnostic"] for message in messages if message["type"] == "diagnostic"]
        self.warnings = [_in_words(each) for each in diagnostics if each["severity"] == "warning"]
        if code != 0:
            errors = "\n".join(_in_words(each) for each in diagnostics if each["severity"] == "error")
            raise TerraformError(f"terraform {command} failed for {self.source.name}: {errors or err.strip()}")
        return messages

    def _write_variables(self) -> None:
        # In the copy, which is removed at the end: python-terraform's own file stays behind after an interrupt.
        (self.folder / VARIABLES_FILE).write_text(json.dumps(self.variables), encoding="utf-8")

    def _run(self, command: str, *arguments: str, **options: Any) -> str:
        code, out, err = self._call(command, *arguments, **options)
        if code != 0:
            raise TerraformError(f"terraform {command} failed for {self.source.name}: {(err or out).strip()}")
        return out

    def _call(self, command: str, *arguments: str, **options: Any) -> tuple[int, str, str]:
        provider = self._provider.variables() if self._provider else {}
        with _process_environment({**self._environment, **provider}):
            code, out, err = self._runner.cmd(command, *arguments, **options)
        return int(code), str(out), str(err)


def read_messages(output: str) -> list[Message]:
    """The messages that a command with `-json` printed."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def _in_words(diagnostic: Mapping[str, Any]) -> str:
    """Terraform's own words, with the place where it lies in the configuration."""
    place = diagnostic.get("range") or {"filename": ""}
    where = f" ({place['filename']} line {place['start']['line']})" if place["filename"].endswith(".tf") else ""
    return f"{diagnostic['summary']}{where}: {diagnostic.get('detail', '')}".strip()


def end_processes_below(folder: Path) -> None:
    """End this user's processes that work in `folder` or below it, and wait until they are gone."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and Path(process.cwd()).is_relative_to(folder):
                process.terminate()
                found.append(process)
    for process in psutil.wait_procs(found, timeout=10)[1]:
        with suppress(psutil.Error):
            process.kill()


@contextmanager
def _process_environment(environment: Mapping[str, str]) -> Iterator[None]:
    # python-terraform hands the process's own environment to Terraform and takes no other.
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
