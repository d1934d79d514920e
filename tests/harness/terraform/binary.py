"""Finds Terraform or OpenTofu, or fetches HashiCorp's release into the project's tool folder, its checksum verified."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from harness.errors import HarnessError
from harness.paths import PROJECT

VARIABLE = "TERRAFORM"
MINIMUM = (1, 6)
MOCK_PROVIDER_SINCE = {"Terraform": (1, 7), "OpenTofu": (1, 8)}
"""Since when `terraform test` has mock_provider. Sources: Terraform's and OpenTofu's changelogs."""

STATED = re.compile(r"^(Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+)", re.MULTILINE)
FETCHED_VERSION = "1.11.4"
RELEASES_VARIABLE = "TERRAFORM_RELEASES_URL"
RELEASES_URL = "https://releases.hashicorp.com/terraform"
FETCHED = PROJECT / ".tools" / "terraform"
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Program:
    """A program that runs these modules. name: `Terraform` or `OpenTofu`. version: major, minor, patch."""

    path: Path
    name: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} {'.'.join(map(str, self.version))}"

    @property
    def has_mock_provider(self) -> bool:
        """Whether its `test` command knows mock_provider."""
        return self.version >= MOCK_PROVIDER_SINCE[self.name]


def locate() -> Path:
    """The path of the program to use. Raises HarnessError as `program` does."""
    return program().path


def program() -> Program:
    """The program to use: that of the variable TERRAFORM, else the terraform on PATH, else the one in `.tools`.

    Raises HarnessError if there is none, or if the one found is not Terraform or OpenTofu, or is older than 1.6.
    """
    if given := os.environ.get(VARIABLE):
        path = given_file(VARIABLE, given)
        other = f"give {VARIABLE} a newer one"
    else:
        on_path = shutil.which("terraform")
        path = Path(on_path) if on_path else FETCHED
        other = "update it, or take it off PATH and run 'make setup'"
    if not path.is_file():
        raise HarnessError(
            f"Terraform is not on PATH and not in {FETCHED.parent}: install Terraform 1.6 or newer, or run "
            "'make setup' where its releases can be reached."
        )
    found = identify(path)
    if found.version < MINIMUM:
        raise HarnessError(f"{path} is {found}, but 1.6 or newer is needed: {other}.")
    return found


def given_file(variable: str, value: str) -> Path:
    """The program whose path a variable has; a relative path starts at the project's folder, as for make.

    Raises HarnessError where it is no file or may not be run.
    """
    path = PROJECT / value
    if not path.is_file():
        raise HarnessError(f"{variable}={value} is not a file: give {variable} the path of the program, or unset it.")
    if not os.access(path, os.X_OK):
        raise HarnessError(f"{variable}={value} is not executable: run 'chmod +x' on it, or unset {variable}.")
    return path


def identify(path: Path) -> Program:
    """What the program says it is. Raises HarnessError where that is neither Terraform nor OpenTofu."""
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    # A CLI configuration that is named but missing makes it print a warning first.
    environment.pop("TF_CLI_CONFIG_FILE", None)
    try:
        said = output_of([path, "version"], environment)
    except OSError as error:
        said = str(error.strerror)
    except subprocess.TimeoutExpired:
        said = f"nothing in {TIMEOUT_SECONDS} seconds"
    stated = STATED.search(said)
    if not stated:
        raise HarnessError(
            f"{path} is neither Terraform nor OpenTofu, or does not run here ('version' says: "
            f"{' '.join(said.split())[:100] or 'nothing'}): {_another()}."
        )
    return Program(path, stated[1], tuple(map(int, stated.groups()[1:])))


def output_of(command: Sequence[str | Path], environment: Mapping[str, str]) -> str:
    """What a program prints, also if it fails. Raises OSError and subprocess.TimeoutExpired."""
    answer = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=environment,
        timeout=TIMEOUT_SECONDS,
    )
    return answer.stdout + answer.stderr


def _another() -> str:
    return f"give {VARIABLE} another path" if os.environ.get(VARIABLE) else "install Terraform again"


def ensure() -> Path:
    """`locate`, after fetching Terraform if there is none. Raises HarnessError."""
    if not os.environ.get(VARIABLE) and shutil.which("terraform") is None and not FETCHED.is_file():
        fetch(FETCHED)
    return locate()


def fetch(target: Path) -> None:
    """Download Terraform's official release for this machine to `target`, if its checksum is the published one.

    The base URL is HashiCorp's, or that of the variable TERRAFORM_RELEASES_URL. Raises HarnessError and leaves nothing.
    """
    base = os.environ.get(RELEASES_VARIABLE, RELEASES_URL).rstrip("/")
    archive_name = f"terraform_{FETCHED_VERSION}_{this_target()}.zip"
    folder = f"{base}/{FETCHED_VERSION}"
    try:
        sums = _get(f"{folder}/terraform_{FETCHED_VERSION}_SHA256SUMS").decode(errors="replace")
        archive = _get(f"{folder}/{archive_name}")
    except requests.RequestException as error:
        raise HarnessError(
            f"Terraform is not on PATH and could not be fetched from {base} ({type(error).__name__}): install "
            f"Terraform 1.6 or newer, or set {RELEASES_VARIABLE} to a place that holds its releases."
        ) from error
    wanted = {line.split()[-1]: line.split()[0] for line in sums.splitlines() if line.strip()}.get(archive_name)
    if wanted != hashlib.sha256(archive).hexdigest():
        raise HarnessError(
            f"The checksum of {folder}/{archive_name} is not the published one: nothing was installed; try again, or "
            "install Terraform by hand."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    try:
        part.write_bytes(zipfile.ZipFile(io.BytesIO(archive)).read("terraform"))
        part.chmod(0o755)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def this_target() -> str:
    """This machine's system and processor in the words of Terraform's packages, such as `linux_amd64`."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}_{machine}"


def _get(url: str) -> bytes:
    answer = requests.get(url, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer.content
