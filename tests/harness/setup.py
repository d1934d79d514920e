"""`python -m harness.setup`: what make needs before it runs Terraform."""

import sys

from harness.errors import HarnessError
from harness.terraform_binary import ensure


def main() -> int:
    """Find or fetch Terraform. Returns the exit code; on failure one line on standard error."""
    try:
        ensure()
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
