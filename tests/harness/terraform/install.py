"""`python -m harness.terraform.install`: what make needs before it runs Terraform."""

import sys

from harness import command
from harness.terraform import binary as terraform_binary
from harness.terraform import provider_binary


def main() -> int:
    """Find or fetch Terraform and its AWS provider. Returns the exit code. Raises HarnessError."""
    terraform_binary.ensure()
    provider_binary.ensure()
    return 0


if __name__ == "__main__":
    sys.exit(command.run(main))
