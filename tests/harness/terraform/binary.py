"""Finds Terraform, or fetches HashiCorp's release into the project's tool folder with its checksum verified."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import requests

from harness.errors import HarnessError
from harness.paths import PROJECT

MINIMUM = (1, 6)
FETCHED_VERSION = "1.11.4"
RELEASES_VARIABLE = "TERRAFORM_RELEASES_URL"
RELEASES_URL = "https://releases.hashicorp.com/terraform"
FETCHED = PROJECT / ".tools" / "terraform"
TIMEOUT_SECONDS = 60


def locate() -> Path:
    """The Terraform to use: the one on PATH, else the one in `.tools`.

    Raises HarnessError where there is none, or the one found is older than 1.6.
    """
    on_path = shutil.which("terraform")
    found = Path(on_path) if on_path else FETCHED
    if not found.is_file():
        raise HarnessError(
            f"Terraform is not on PATH and not in {FETCHED.parent}: install Terraform 1.6 or newer, or run "
            "'make setup' where its releases can be reached."
        )
    version = version_of(found)
    if version < MINIMUM:
        raise HarnessError(
            f"{found} is Terraform {'.'.join(map(str, version))}, but 1.6 or newer is needed: update it, or take it "
            "off PATH and run 'make setup'."
        )
    return found


def version_of(binary: Path) -> tuple[int, ...]:
    """The version that `terraform version -json` states, as numbers. Raises HarnessError where it states none."""
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    # A CLI configuration that is named but missing makes Terraform print a warning in front of the JSON.
    environment.pop("TF_CLI_CONFIG_FILE", None)
    try:
        answer = subprocess.run(
            [binary, "version", "-json"], capture_output=True, text=True, check=True, env=environment, timeout=60
        )
        text = json.loads(answer.stdout)["terraform_version"]
        version = tuple(int(part) for part in re.findall(r"\d+", text)[:3])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise HarnessError(f"{binary} does not answer 'version -json' ({error}): install Terraform anew.") from error
    if not version:
        raise HarnessError(f"{binary} answers 'version -json' with no version, but {text!r}: install Terraform anew.")
    return version


def ensure() -> Path:
    """`locate`, after fetching Terraform where there is none at all. Raises HarnessError."""
    if shutil.which("terraform") is None and not FETCHED.is_file():
        fetch(FETCHED)
    return locate()


def fetch(target: Path) -> None:
    """Download Terraform's official release for this machine to `target`, if its checksum is the published one.

    The base URL is HashiCorp's, or that of the variable TERRAFORM_RELEASES_URL. Raises HarnessError and leaves nothing.
    """
    base = os.environ.get(RELEASES_VARIABLE, RELEASES_URL).rstrip("/")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    archive_name = f"terraform_{FETCHED_VERSION}_{platform.system().lower()}_{machine}.zip"
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


def _get(url: str) -> bytes:
    answer = requests.get(url, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer.content
