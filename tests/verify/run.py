"""A run from its plan to its report: whatever happens in between, what it created is removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform import binary, provider_binary
from harness.terraform.runner import Relay
from verify.cleaning import Cleaner, Left
from verify.cloud import AwsCloud, AwsPrincipal
from verify.experiments import OUT_OF_REACH as OUT_OF_REACH_OF_EXPERIMENTS
from verify.lab import Lab
from verify.measuring import measure
from verify.patience import Patience
from verify.plan import OUT_OF_REACH, Plan
from verify.report import ExampleResult, ExperimentResult, Report
from verify.stage import AwsAccount, AwsStage
from verify.tags import RunTag
from verify.trying import ExampleTrial

FURTHER_REGION = "eu-west-1"
"""Where examples make keys in a second Region."""

ROLES_OF_EXAMPLES = ("PlerionApplianceRole", "PlerionAccessRole")
CLEANING_ROUNDS = 5


@dataclass
class Run:
    """A run. callers: of the integration's account and, if there is one, the other's. say: shows what is done now.

    relay: as for `Terraform`; None starts the provider as customers' Terraform does.
    """

    cloud: AwsCloud
    callers: Sequence[AwsPrincipal]
    region: str
    plan: Plan
    patience: Patience
    say: Callable[[str], None]
    relay: Relay = None
    _examples: list[ExampleResult] = field(default_factory=list)
    _experiments: list[ExperimentResult] = field(default_factory=list)
    lab: Lab | None = None
    _left: list[str] = field(default_factory=list)
    _stopped: str = ""
    _started: float = field(default_factory=time.monotonic)

    @property
    def tag(self) -> RunTag:
        """The run's tag."""
        return self.cloud.tag

    def check(self) -> None:
        """Raises HarnessError if the account has roles under the names that the examples give to theirs."""
        iam = self.callers[0].client("iam")
        for name in ROLES_OF_EXAMPLES:
            try:
                iam.get_role(RoleName=name)
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchEntity":
                    continue
                raise
            raise HarnessError(
                f"Account {self.callers[0].account} has a role {name}, which the examples create: take a sandbox "
                "account without Plerion's integration."
            )

    def run(self) -> None:
        """Do what the plan says, and remove all of it. What goes wrong is in the report; only signals are raised."""
        try:
            with self._noting():
                accounts = [AwsAccount.of(caller, self.tag) for caller in self.callers]
                other = accounts[1] if len(accounts) > 1 else None
                stage = AwsStage(self.cloud, accounts[0], other, self.region, relay=self.relay)
                stage.make_ready(self.patience)
                kept = set(self._found())
                if self.plan.experiments:
                    self._experiments, self.lab = measure(self.plan.experiments, stage, self.patience, self.say)
                    self._clean(kept)
                for example in self.plan.examples:
                    self._try(example, stage)
                    self._clean(kept)
        finally:
            self.say("Removing what is left")
            self._left = self._clean(set())

    def report(self) -> Report:
        """The report on what was done."""
        tried = {each.example for each in self._examples}
        return Report(
            version=(PROJECT / "VERSION").read_text(encoding="utf-8").strip(),
            run=self.tag.id,
            region=self.region,
            accounts=len(self.callers),
            program=str(binary.program()),
            provider=provider_binary.locate().version,
            seconds=round(time.monotonic() - self._started),
            stopped=self._stopped,
            examples=tuple(self._examples),
            not_tried={
                **OUT_OF_REACH,
                **{name: "the run ended before" for name in self.plan.examples if name not in tried},
            },
            experiments=tuple(self._experiments),
            unanswerable=dict(OUT_OF_REACH_OF_EXPERIMENTS) if self._experiments else {},
            left=tuple(self._left),
        )

    def _try(self, example: str, stage: AwsStage) -> None:
        trial = ExampleTrial(example, stage, self.patience, self.say)
        failed = "interrupted"
        try:
            trial.run()
            failed = ""
        except (HarnessError, ClientError, BotoCoreError) as error:
            failed = str(error)
        finally:
            self._examples.append(trial.result(failed))

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Notes why the run ended early."""
        try:
            yield
        except KeyboardInterrupt as error:
            self._stopped = f"interrupted ({error})" if str(error) else "interrupted"
            raise
        except (HarnessError, ClientError, BotoCoreError) as error:
            self._stopped = str(error)

    def _cleaners(self) -> list[Cleaner]:
        return [Cleaner(caller, self.tag, {self.region, FURTHER_REGION}) for caller in self.callers]

    def _found(self) -> list[Left]:
        return [left for cleaner in self._cleaners() for left in cleaner.find()]

    def _clean(self, kept: set[Left]) -> list[str]:
        """Remove what is there but for `kept`. Returns a sentence for each thing that stays."""
        problems: list[str] = []
        for attempt in range(CLEANING_ROUNDS):
            try:
                problems = []
                found = 0
                for cleaner in self._cleaners():
                    left = [each for each in cleaner.find() if each not in kept]
                    found += len(left)
                    problems += cleaner.remove(left)
                if not found:
                    return []
            except (ClientError, BotoCoreError) as error:
                problems = [f"Could not look what is left: {error}"]
            if problems and attempt + 1 < CLEANING_ROUNDS:
                self.patience.sleep(self.patience.pause)
        return problems
