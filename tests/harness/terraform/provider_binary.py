"""Finds the AWS provider: the file that the variable PROVIDER names, else what `make setup` installed.

PROVIDER_VERSION says which version is to be installed, or of which version that file is.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform.binary import given_file, output_of, this_target

FILE_VARIABLE, VERSION_VARIABLE = "PROVIDER", "PROVIDER_VERSION"
VERSIONS = ">= 5.60, < 7.0"
"""What all modules and examples together accept."""
OLDEST, BELOW = (5, 31), (7, 0)
"""What the modules accept."""

TOOLS = PROJECT / ".tools"
PACKAGES = ".terraform/providers/*/hashicorp/aws/*/*"
CONFIGURATION = """terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "{versions}"
    }}
  }}
}}
"""
NAMED = re.compile(r"^terraform-provider-aws(?:_v(\d+\.\d+\.\d+)(?:_x5)?)?$")
STATED = re.compile(r"/terraform-provider-(\w+)@(\d+\.\d+\.\d+)")
PLUGIN = "This binary is a plugin."


@dataclass(frozen=True)
class Provider:
    """An AWS provider. file: its program. version: in the form 5.100.0. target: its system, as `linux_amd64`."""

    file: Path
    version: str
    target: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version, to be compared."""
        return numbers(self.version)


def locate() -> Provider:
    """The provider to use. Raises HarnessError where it is missing or is not what the variables say."""
    version = wanted_version()
    if given := os.environ.get(FILE_VARIABLE):
        return _checked(given_file(FILE_VARIABLE, given), version)
    return installed(folder())


def wanted_version() -> str | None:
    """The version that the variable PROVIDER_VERSION names. Raises HarnessError where the modules do not accept it."""
    value = os.environ.get(VERSION_VARIABLE)
    if not value:
        return None
    if not re.fullmatch(r"\d+\.\d+\.\d+", value, re.ASCII):
        raise HarnessError(f"{VERSION_VARIABLE}={value} is not a version: give one in the form 5.100.0.")
    return _accepted(value, VERSION_VARIABLE)


def wanted_versions() -> str:
    """The version constraint of the provider that is to be installed. Raises HarnessError as `wanted_version` does."""
    version = wanted_version()
    return f"= {version}" if version else VERSIONS


def configuration() -> str:
    """What makes `terraform init` install the provider. Raises HarnessError as `wanted_version` does."""
    return CONFIGURATION.format(versions=wanted_versions())


def folder() -> Path:
    """Where the provider is installed: each version that was asked for has a folder of its own.

    Raises HarnessError as `wanted_version` does.
    """
    version = wanted_version()
    return TOOLS / (f"aws-provider-{version}" if version else "aws-provider")


def installed(place: Path) -> Provider:
    """The provider that `terraform init` installed there. Raises HarnessError where none is for the wanted versions."""
    # Terraform may have left links to a mirror, which lead nowhere once the mirror is gone.
    found = [path for path in place.glob(f"{PACKAGES}/terraform-provider-aws_v*") if path.is_file()]
    if not found or _asked_for(place) != configuration():
        raise HarnessError(f"The AWS provider ({wanted_versions()}) is not in {place}: run 'make setup'.")
    return Provider(found[0], *found[0].parts[-3:-1])


def _asked_for(place: Path) -> str:
    file = place / "main.tf"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _checked(file: Path, version: str | None) -> Provider:
    """The given file as a provider, if itself, its name and PROVIDER_VERSION tell one version."""
    named = NAMED.match(file.name)
    told = {each for each in (stated_version(file), named and named[1], version) if each}
    if len(told) > 1:
        raise HarnessError(
            f"{FILE_VARIABLE}={file} is of one version by itself and of another by its name or {VERSION_VARIABLE} "
            f"({' and '.join(sorted(told))}): give the file of the version that you mean, under its own name."
        )
    if not told:
        raise HarnessError(f"{FILE_VARIABLE}={file} does not tell its version: add {VERSION_VARIABLE}, as 5.100.0.")
    return Provider(file, _accepted(told.pop(), f"{FILE_VARIABLE}={file}"), this_target())


def _accepted(version: str, given: str) -> str:
    if not OLDEST <= numbers(version) < BELOW:
        raise HarnessError(
            f"{given} is version {version}, but the modules need 5.31 or newer, below 7.0: give one of these."
        )
    return version


def numbers(version: str) -> tuple[int, ...]:
    """A version, or the beginning of one, to be compared."""
    return tuple(map(int, version.split(".")))


def oldest(constraint: str) -> tuple[int, ...]:
    """The oldest version that a constraint such as `>= 5.31, < 7.0` accepts. Raises HarnessError if it names none."""
    found = re.search(r">= ([\d.]+)", constraint)
    if found is None:
        raise HarnessError(f"The version constraint '{constraint}' names no oldest version: begin it with '>= '.")
    return numbers(found[1])


@cache
def stated_version(file: Path) -> str:
    """The version that a provider states when it is started by hand; empty where it does not, as older ones.

    Raises HarnessError where the file is no AWS provider for this machine.
    """
    environment = {name: value for name, value in os.environ.items() if name != "TF_PLUGIN_MAGIC_COOKIE"}
    try:
        said = output_of([file], environment)
    except OSError as error:
        raise HarnessError(
            f"{FILE_VARIABLE}={file} does not start on this machine ({error.strerror}): give the provider "
            f"for {this_target()}."
        ) from error
    except subprocess.TimeoutExpired:
        said = ""
    stated = STATED.search(said)
    if PLUGIN not in said or (stated and stated[1] != "aws"):
        raise HarnessError(
            f"{FILE_VARIABLE}={file} is not Terraform's AWS provider: give the path of one, or unset it."
        )
    return stated[2] if stated else ""
