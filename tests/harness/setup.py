"""`python -m harness.setup`: what make needs before it runs Terraform."""

import sys

from harness import provider_binary, terraform_binary
from harness.errors import HarnessError


def main() -> int:
    """Find or fetch Terraform and its AWS provider. Returns the exit code; on failure one line on standard error."""
    try:
        terraform_binary.ensure()
        provider_binary.ensure()
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
