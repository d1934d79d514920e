"""`python -m harness.terraform.install`: what make needs before it runs Terraform."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import command
from harness.errors import HarnessError
from harness.terraform import binary as terraform_binary
from harness.terraform import provider_binary
from harness.terraform.cli_config import environment_for_install, process_environment


def ensure_provider() -> provider_binary.Provider:
    """The AWS provider, after `terraform init` where it is not there yet. Raises HarnessError and leaves nothing."""
    if not os.environ.get(provider_binary.FILE_VARIABLE):
        folder = provider_binary.folder()
        try:
            return provider_binary.installed(folder)
        except HarnessError:
            shutil.rmtree(folder, ignore_errors=True)
        _install(folder)
    return provider_binary.locate()


def _install(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    home = Path(os.environ.get("HOME", "/nonexistent"))
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        part = Path(temporary) / folder.name
        part.mkdir()
        (part / "main.tf").write_text(provider_binary.configuration(), encoding="utf-8")
        answer = subprocess.run(
            [terraform_binary.locate(), "init", "-backend=false", "-input=false", "-no-color"],
            cwd=part,
            env=environment_for_install(Path(temporary), process_environment(), home),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            said = " ".join(answer.stderr.partition("To see which modules")[0].split())
            raise HarnessError(
                f"terraform init cannot install the AWS provider ({provider_binary.wanted_versions()}): {said} Make it "
                f"available, or give its file as {provider_binary.FILE_VARIABLE}."
            )
        # Init links packages of a mirror, and the mirror may be one of links that is about to go.
        for package in part.glob(provider_binary.PACKAGES):
            if package.is_symlink():
                target = package.resolve()
                package.unlink()
                package.symlink_to(target)
        part.replace(folder)


def main() -> int:
    """Find or fetch Terraform and its AWS provider. Returns the exit code. Raises HarnessError."""
    terraform_binary.ensure()
    ensure_provider()
    return 0


if __name__ == "__main__":
    sys.exit(command.run(main))
