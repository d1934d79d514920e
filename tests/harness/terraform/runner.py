"""Terraform in a folder: a thin runner over python-terraform, which is unmaintained and therefore used only here.

The folder is copied to a temporary one together with the modules, so no state and no lock file reach the tree.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import psutil
import python_terraform

from harness.errors import HarnessError
from harness.paths import EXAMPLES, MODULES
from harness.terraform import provider_binary
from harness.terraform.binary import locate
from harness.terraform.cli_config import terraform_environment
from harness.terraform.hcl import read_folder
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.provider_schema import named_types

PLAN_FILE = "harness.tfplan"
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
VARIABLES_FILE = "harness.auto.tfvars.json"
NOT_COPIED = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate", "*.tfstate.*", "*.tfplan")


class TerraformError(HarnessError):
    """A Terraform command failed; the message holds Terraform's own words.

    sentences: the detail of each error on one line, without Terraform's words around a module's own sentence.
    """

    def __init__(self, message: str, errors: Iterable[Message] = ()) -> None:
        super().__init__(message)
        details = (error.get("detail", "").split("This was checked by the")[0] for error in errors)
        self.sentences = [" ".join(detail.split()) for detail in details]


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


type Relay = ProviderRelay | Literal["own"] | None
"""See `Terraform`."""

type Message = Mapping[str, Any]
"""One message of Terraform's machine-readable output. Source: Terraform's documentation, "Machine-Readable UI"."""


class Terraform:
    """A folder in a temporary copy, with the modules in their place. Use as a context manager.

    source: the folder to copy: a module, an example, or a folder that names modules as examples do.
    environment: variables for Terraform's process (credentials, endpoint). They override the caller's own, of which
        AWS_ and TF_VAR_ ones are left out.
    variables: input variables of every plan and apply, changed per call if need be.
    relay: connects Terraform to the provider. By default the folder has one of its own; a relay that is given is
        shared, and left running. With None, Terraform starts the provider for each command, as it does for customers.
    folder: the copy of `source`.
    warnings: Terraform's, of the last plan, apply or destroy that succeeded.
    """

    folder: Path

    def __init__(
        self,
        source: Path,
        environment: Mapping[str, str],
        variables: Mapping[str, Any] | None = None,
        *,
        relay: Relay = "own",
    ) -> None:
        self.source = source
        self.variables = dict(variables or {})
        self.warnings: list[str] = []
        self._given_environment = environment
        self._given_relay = relay
        self._resources = ExitStack()

    @classmethod
    def of_example(
        cls,
        name: str,
        environment: Mapping[str, str],
        variables: Mapping[str, Any] | None = None,
        *,
        relay: Relay = "own",
    ) -> Self:
        """The example of that name, with those of the variables that it declares: Terraform warns of others.

        Raises HarnessError if there is no such example.
        """
        if not (EXAMPLES / name).is_dir():
            known = ", ".join(sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
            raise HarnessError(f"There is no example '{name}' in {EXAMPLES}: the examples are {known}.")
        declared = {variable.name for variable in read_folder(EXAMPLES / name).variables}
        given = {variable: value for variable, value in (variables or {}).items() if variable in declared}
        return cls(EXAMPLES / name, environment, given, relay=relay)

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            self._root = root = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="plerion-kms-")))
            # The copy keeps the tree's shape, since modules are named by relative path.
            shutil.copytree(MODULES, root / "modules", ignore=NOT_COPIED)
            if self.source.is_relative_to(MODULES):
                self.folder = root / "modules" / self.source.relative_to(MODULES)
            else:
                self.folder = root / "examples" / self.source.name
                shutil.copytree(self.source, self.folder, ignore=NOT_COPIED)
            # An interrupt may leave a Terraform running there.
            resources.callback(end_processes_below, self.folder)
            self._environment = {**terraform_environment(root), **self._given_environment}
            self._relay = self._given_relay if self._given_relay != "own" else self._own_relay()
            resources.callback(self.stop_provider)
            self._runner = python_terraform.Terraform(working_dir=str(self.folder), terraform_bin_path=str(locate()))
            self._resources = resources.pop_all()
        return self

    def _own_relay(self) -> ProviderRelay | None:
        types = named_types(self._root)
        return ProviderRelay(provider_binary.locate().file, types, self._environment, self.folder) if types else None

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the copy with its state. What was applied stays where it is; `destroy` removes that."""
        self._resources.close()

    def renew(self, environment: Mapping[str, str]) -> None:
        """Use the credentials in `environment` from the next command on."""
        credentials = {name: value for name, value in environment.items() if name in CREDENTIALS}
        if not credentials.items() <= self._environment.items():
            self._environment |= credentials
            if self._given_relay == "own":
                self.stop_provider()
                self._relay = self._own_relay()

    def init(self) -> None:
        """`terraform init`. Raises TerraformError."""
        self._run("init", backend=False, get=True, input=False, no_color=python_terraform.IsFlagged)

    def validate(self) -> None:
        """`terraform validate`. Raises TerraformError."""
        self._run("validate", no_color=python_terraform.IsFlagged)

    def plan(self, **variables: Any) -> list[PlannedChange]:
        """What an apply with these variables would change; an empty list if nothing.

        They are merged over the instance's and kept for later calls. Raises TerraformError.
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

    def test(self) -> dict[str, Any]:
        """The summary of `terraform test`. Raises TerraformError if a test failed."""
        messages = self._run_with_messages("test", {})
        (summary,) = (message["test_summary"] for message in messages if message["type"] == "test_summary")
        return dict(summary)

    def outputs(self) -> dict[str, Any]:
        """The outputs' values by name. Raises TerraformError."""
        raw = json.loads(self._run("output", json=python_terraform.IsFlagged))
        return {name: output["value"] for name, output in raw.items()}

    def state_addresses(self) -> list[str]:
        """The addresses in the state, data sources included. Raises TerraformError."""
        return self._run("state list").split()

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
        """End the processes of the folder's own relay, some 200 MB each; the next command starts them again."""
        if self._relay is not None and self._given_relay == "own":
            self._relay.stop()

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
        # `terraform test` does not know the option; no other command may wait for input.
        asks = {} if command == "test" else {"input": False}
        code, out, err = self._call(command, json=python_terraform.IsFlagged, **asks, **options)
        messages: list[Message] = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        diagnostics = [message["diagnostic"] for message in messages if message["type"] == "diagnostic"]
        if code != 0:
            errors = [each for each in diagnostics if each["severity"] == "error"]
            words = "\n".join(map(_in_words, errors)) or err.strip()
            raise TerraformError(f"terraform {command} failed for {self.source.name}: {words}", errors)
        self.warnings = [_in_words(each) for each in diagnostics if each["severity"] == "warning"]
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
        provider = self._relay.environment() if self._relay else {}
        with _process_environment({**self._environment, **provider}):
            code, out, err = self._runner.cmd(command, *arguments, **options)
        return int(code), str(out), str(err)


def _in_words(diagnostic: Mapping[str, Any]) -> str:
    """Terraform's own words, with the place in the configuration."""
    place = diagnostic.get("range") or {"filename": ""}
    where = f" ({place['filename']} line {place['start']['line']})" if place["filename"].endswith(".tf") else ""
    return f"{diagnostic['summary']}{where}: {diagnostic.get('detail', '')}".strip()


def end_processes_below(folder: Path) -> None:
    """End this user's processes that work in `folder` or below it, and wait until they have ended."""
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
