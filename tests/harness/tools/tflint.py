"""Finds tflint, or builds it with Go at a pinned version into the project's tool folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import PROJECT

VERSION = "v0.64.0"
MODULE = f"github.com/terraform-linters/tflint@{VERSION}"
BUILT = PROJECT / ".tools" / "tflint"
BUILD_TIMEOUT = 900

AWS_PLUGIN = "tflint-ruleset-aws"
PLUGIN_FOLDER_VARIABLE = "TFLINT_PLUGIN_DIR"


def ensure(environment: Mapping[str, str] = os.environ) -> Path:
    """tflint on PATH, else the one in `.tools`, built there first where Go is found. Raises HarnessError."""
    on_path = shutil.which("tflint", path=environment.get("PATH"))
    if on_path:
        return Path(on_path)
    if not BUILT.is_file():
        build(BUILT, environment)
    return BUILT


def build(target: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Build the pinned tflint to `target`. Raises HarnessError and leaves nothing."""
    go = shutil.which("go", path=environment.get("PATH"))
    if go is None:
        raise HarnessError(
            f"tflint is not on PATH, not in {BUILT.parent}, and there is no Go to build it: install tflint "
            f"{VERSION.removeprefix('v')} or Go, and try again."
        )
    sys.stderr.write(f"Building tflint {VERSION} with Go (once, about two minutes) ...\n")
    target.parent.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        [go, "install", MODULE],
        env={**environment, "GOBIN": str(target.parent), "GOFLAGS": "-mod=mod"},
        capture_output=True,
        text=True,
        timeout=BUILD_TIMEOUT,
        check=False,
    )
    if result.returncode != 0 or not target.is_file():
        raise HarnessError(
            f"Go could not build {MODULE}: {result.stderr.strip()[-400:] or 'no message'}. Install tflint by other "
            "means, or let Go reach its module proxy."
        )


def aws_plugin(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The AWS ruleset, where it is installed.

    Source: tflint's documentation, "Configuring Plugins": the folders in which tflint looks.
    """
    home = Path(environment.get("HOME", "/nonexistent"))
    named = environment.get(PLUGIN_FOLDER_VARIABLE)
    folders = [Path(named)] if named else [PROJECT / ".tflint.d" / "plugins", home / ".tflint.d" / "plugins"]
    return next((path for folder in folders for path in folder.glob(f"**/{AWS_PLUGIN}") if path.is_file()), None)
