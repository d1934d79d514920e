"""Finds the AWS provider that `terraform init` installed into the project's tool folder, or has it installed there."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform import binary as terraform_binary
from harness.terraform.cli_config import terraform_environment

VERSIONS = ">= 5.60, < 7.0"
"""What all modules and examples together accept."""

INSTALLED = PROJECT / ".tools" / "aws-provider"
PATTERN = ".terraform/providers/*/hashicorp/aws/*/*/terraform-provider-aws_v*"
CONFIGURATION = f"""terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "{VERSIONS}"
    }}
  }}
}}
"""


def locate(folder: Path = INSTALLED) -> Path:
    """The provider's program in the tool folder. Raises HarnessError where there is none for these versions."""
    # Terraform may have left links to a mirror, which lead nowhere once the mirror is gone.
    found = [path for path in folder.glob(PATTERN) if path.is_file()]
    if not found or _asked_for(folder) != CONFIGURATION:
        raise HarnessError(f"The AWS provider ({VERSIONS}) is not in {folder}: run 'make setup'.")
    return found[0]


def ensure(folder: Path = INSTALLED) -> Path:
    """`locate`, after `terraform init` where the provider is not there. Raises HarnessError and leaves nothing."""
    try:
        return locate(folder)
    except HarnessError:
        shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        part = Path(temporary) / folder.name
        part.mkdir()
        (part / "main.tf").write_text(CONFIGURATION, encoding="utf-8")
        answer = subprocess.run(
            [terraform_binary.locate(), "init", "-backend=false", "-input=false", "-no-color"],
            cwd=part,
            env=terraform_environment(Path(temporary)),
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise HarnessError(f"terraform init cannot install the AWS provider ({VERSIONS}): {answer.stderr.strip()}")
        part.replace(folder)
    return locate(folder)


def _asked_for(folder: Path) -> str:
    file = folder / "main.tf"
    return file.read_text(encoding="utf-8") if file.is_file() else ""
