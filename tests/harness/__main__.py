"""`python -m harness COMMAND [ARGUMENT ...]`: runs a command under `command.run` from its first import on."""

import sys
from importlib import import_module

from harness import command

MODULES = {
    "demo": "harness.demo",
    "docs": "harness.tools.docs",
    "lint": "harness.tools.lint",
    "rendered": "harness.tools.rendered",
    "scan": "harness.tools.scan",
    "setup": "harness.terraform.install",
}
FAILED = {"scan": 2}
"""Exit codes for what kept a command from its work, if 1 says something else."""


def main() -> int:
    """Run the command that the arguments name. Returns its exit code."""
    name, *arguments = sys.argv[1:]
    module = import_module(MODULES[name])
    code: int = module.main(arguments) if name in ("demo", "scan") else module.main()
    return code


if __name__ == "__main__":
    sys.exit(command.run(main, FAILED.get(sys.argv[1], 1)))
