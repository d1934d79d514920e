"""Plans a second with a provider that is kept running, and with one that Terraform starts for each.

Absolute figures depend on the machine; the ratio of the two, taken in the same run, does not.
"""

from __future__ import annotations

import sys
import time

from emulator import Emulator
from harness.aws.cloud import EmulatedCloud
from harness.examples.special import run_of
from harness.paths import EXAMPLES
from harness.terraform.runner import Terraform

EXAMPLE = "isolated-key"
PLANS = 5


def seconds_a_plan(terraform: Terraform) -> float:
    """Seconds of the clock, after a first plan."""
    terraform.init()
    terraform.plan()
    start = time.perf_counter()
    for _ in range(PLANS):
        terraform.plan()
    return (time.perf_counter() - start) / PLANS


def main() -> None:
    """Print the figures."""
    with Emulator() as emulator, run_of(EXAMPLE, EmulatedCloud(emulator.endpoint_url)) as run:
        kept = seconds_a_plan(run.terraform)
        folder, variables = EXAMPLES / EXAMPLE, run.terraform.variables
        with Terraform(folder, run.environment(), variables, relay=None) as customers:
            started = seconds_a_plan(customers)
    sys.stdout.write(
        f"terraform plan of {EXAMPLE}, {PLANS} times\n"
        f"provider kept running:      {kept:9.2f} s\n"
        f"provider started each time: {started:9.2f} s\n"
        f"ratio:                      {started / kept:9.1f}\n"
    )


if __name__ == "__main__":
    main()
