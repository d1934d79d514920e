"""What a run creates, what it costs and how long it takes, said before anything is created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.access import expectations
from harness.examples.special import ManyKeys
from verify.experiments import KEYS, ROLES, Experiment

KEY_MONTH = 1.00
"""US dollars for a customer managed key, charged by the hour; a key that is to be deleted is free. Source: AWS KMS
pricing, read in 2025; the price is the same in the commercial Regions."""

TEN_THOUSAND_CALLS = 0.03
"""US dollars. Source: AWS KMS pricing."""

HOURS_IN_MONTH = 730
MINUTES_FOR_EXAMPLE = 5
MINUTES_FOR_EXPERIMENTS = 15

EXAMPLES: Mapping[str, bool] = {
    "all-keys": False,
    "selected-keys": False,
    "isolated-key": False,
    "hardened-key": False,
    "ebs-on-isolated-key": False,
    "existing-roles": False,
    "documents-only": False,
    "many-keys": False,
    "existing-keys": True,
    "cross-account-key": True,
}
"""The examples that can be tried, in this order, and whether each needs the other account."""

OUT_OF_REACH: Mapping[str, str] = {
    "organization": "needs the management account of an organization",
    "many-accounts": "needs the management account of an organization",
}


@dataclass(frozen=True)
class Plan:
    """What will be done. examples: their names; accounts: one or two."""

    examples: Sequence[str]
    experiments: Sequence[Experiment]
    accounts: int

    @property
    def keys(self) -> int:
        """How many keys are created, the ones for the far end of ReEncrypt included."""
        listed = {"many-keys": len(ManyKeys.LISTED), "existing-keys": 1 if self.accounts > 1 else 0}
        described = sum(
            sum(self.accounts > 1 or key.account == "integration" for key in expectations.load(example).keys.values())
            + listed.get(example, 0)
            for example in self.examples
        )
        return described + 2 * self.accounts + (KEYS if self.experiments else 0)

    @property
    def roles(self) -> int:
        """How many roles are created."""
        return 6 + 2 * (self.accounts - 1) + 2 * len(self.examples) + (ROLES if self.experiments else 0)

    @property
    def minutes(self) -> int:
        """About how long it takes if AWS answers as expected."""
        return MINUTES_FOR_EXAMPLE * len(self.examples) + (MINUTES_FOR_EXPERIMENTS if self.experiments else 0)

    def sentences(self, seconds: float) -> list[str]:
        """The plan in words. seconds: how long an answer that is not as expected is waited for."""
        cost = self.keys * KEY_MONTH * self.minutes / 60 / HOURS_IN_MONTH + 10 * TEN_THOUSAND_CALLS
        return [
            f"Creates, one after the other, and removes again: {self.keys} KMS keys and {self.roles} IAM roles.",
            f"Tries {len(self.examples)} examples with Terraform and runs {len(self.experiments)} experiments.",
            f"Takes about {self.minutes} minutes, and up to {2 * seconds / 60:.0f} more wherever AWS differs.",
            f"Costs about {cost:.2f} US dollars.",
            f"A key costs {KEY_MONTH:.2f} a month, charged by the hour, until its deletion is scheduled.",
        ]
