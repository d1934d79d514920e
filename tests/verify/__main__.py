"""`python -m verify run|clean`: what `make verify-aws` and `make verify-aws-clean` call."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound
from rich.console import Console
from rich_argparse import RawDescriptionRichHelpFormatter

from harness import command
from harness.aws.principals import REGION
from harness.errors import HarnessError
from harness.paths import PROJECT
from verify.cleaning import Cleaner
from verify.cloud import AwsCloud, AwsPrincipal
from verify.experiments import EXPERIMENTS
from verify.patience import Patience
from verify.plan import EXAMPLES, Plan
from verify.report import PLACEHOLDERS, markdown, write
from verify.run import FURTHER_REGION, Run
from verify.tags import TAG, RunTag

AGREES, DIFFERS, COULD_NOT_RUN = 0, 1, 2
OUT = PROJECT / ".reports" / "verify-aws"

NAMED = (
    ("profile", "PROFILE", "profile of the AWS configuration"),
    ("account", "ID", "the account that the profile has to be of"),
    ("other-profile", "PROFILE", "profile of a second account"),
    ("other-account", "ID", "that account"),
)

DESCRIPTION = """Try the examples, their access files and the decision engine's unknowns in a sandbox account of AWS.

Says first what it creates and what that costs, goes on if you say yes, and removes all of it again."""


def main(arguments: Sequence[str] | None = None, ask: Callable[[str], str] = input) -> int:
    """Run the command. Returns the exit code: 0 AWS agrees or all was removed, 1 it differs or something is left, 2 it
    could not run; of a signal 128 and its number."""
    options = parser().parse_args(arguments)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    command.stop_on_signals()
    try:
        code: int = options.action(options, console, ask)
    except command.Stopped as stopped:
        return 128 + stopped.signal_number
    except HarnessError as error:
        console.print(str(error), markup=False)
        return COULD_NOT_RUN
    except (BotoCoreError, ClientError) as error:
        console.print(
            f"AWS did not do what it was asked ({error}): look at the profile and its permissions.", markup=False
        )
        return COULD_NOT_RUN
    return code


def parser() -> argparse.ArgumentParser:
    """The options."""
    RawDescriptionRichHelpFormatter.group_name_formatter = str
    top = argparse.ArgumentParser(
        prog="verify-aws", description=DESCRIPTION, formatter_class=RawDescriptionRichHelpFormatter
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="try and report", formatter_class=RawDescriptionRichHelpFormatter)
    clean = commands.add_parser(
        "clean", help="remove what a run left that was cut off", formatter_class=RawDescriptionRichHelpFormatter
    )
    for each, action in ((run, _run), (clean, _clean)):
        each.set_defaults(action=action)
        for option, kind, text in NAMED:
            each.add_argument(f"--{option}", metavar=kind, default=_given(option), help=text)
        each.add_argument(
            "--region", default=_given("region") or REGION, help="where keys are made (default: %(default)s)"
        )
        each.add_argument("--yes", action="store_true", default=bool(_given("yes")), help="do not ask")
    run.add_argument(
        "--examples", nargs="*", choices=list(EXAMPLES), metavar="NAME", help="these examples alone, or none"
    )
    run.add_argument("--no-experiments", action="store_true", help="the examples alone")
    run.add_argument("--keep-ids", action="store_true", help="leave account ids in the report")
    run.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where the report goes")
    run.add_argument(
        "--wait", type=float, default=Patience.seconds, metavar="SECONDS", help="for an answer that differs"
    )
    clean.add_argument(
        "--run", default=_given("run"), metavar="RUN", help="the run's id; without it, the runs are listed"
    )
    policy = commands.add_parser("policy", help="print the IAM policy that the profiles need, and stop")
    policy.set_defaults(action=_policy)
    return top


def _given(option: str) -> str:
    """The option's value from make's command line, or the environment otherwise: PROFILE, OTHER_ACCOUNT, YES ..."""
    return os.environ.get(option.replace("-", "_").upper(), "")


def _policy(options: argparse.Namespace, console: Console, ask: Callable[[str], str]) -> int:
    sys.stdout.write(resources.files("verify").joinpath("permissions.json").read_text(encoding="utf-8"))
    return AGREES


def _run(options: argparse.Namespace, console: Console, ask: Callable[[str], str]) -> int:
    tag = RunTag()
    cloud = AwsCloud(tag)
    callers = _callers(options, cloud)
    examples = [
        name
        for name, needs_other in EXAMPLES.items()
        if (options.examples is None or name in options.examples) and (len(callers) > 1 or not needs_other)
    ]
    experiments = [each for each in EXPERIMENTS if not options.no_experiments and (len(callers) > 1 or not each.across)]
    run = Run(
        cloud,
        callers,
        options.region,
        Plan(examples, experiments, len(callers)),
        Patience(seconds=options.wait),
        lambda text: console.print(text, markup=False),
    )
    run.check()
    for sentence in (_accounts(callers), *run.plan.sentences(options.wait), f"All of it is tagged {TAG} = {tag.id}."):
        console.print(sentence, markup=False)
    _confirm(options, ask)
    try:
        run.run()
    finally:
        report = run.report()
        replace = None if options.keep_ids else {c.account: p for c, p in zip(callers, PLACEHOLDERS, strict=False)}
        for path in write(report, options.out, replace, tuple(caller.arn for caller in callers)):
            console.print(f"Wrote {path}", markup=False)
        if report.left:
            console.print(
                f"Something is left: make verify-aws-clean RUN={tag.id} with the same accounts.", markup=False
            )
    console.print(markdown(report).splitlines()[0].removeprefix("# "), markup=False)
    return AGREES if report.agrees else DIFFERS


def _clean(options: argparse.Namespace, console: Console, ask: Callable[[str], str]) -> int:
    cloud = AwsCloud(RunTag(options.run))
    callers = _callers(options, cloud)
    cleaners = [Cleaner(caller, cloud.tag, {options.region, FURTHER_REGION}) for caller in callers]
    if not options.run:
        runs = sorted({run for cleaner in cleaners for run in cleaner.runs()})
        console.print(f"Name one of the runs with RUN=...: {', '.join(runs)}." if runs else "No run has left anything.")
        return DIFFERS if runs else AGREES
    left = [(cleaner, cleaner.find()) for cleaner in cleaners]
    for _, found in left:
        for each in found:
            console.print(f"{each.account}: {each}", markup=False)
    if not any(found for _, found in left):
        console.print(f"Run {options.run} has left nothing.", markup=False)
        return AGREES
    _confirm(options, ask)
    problems = [problem for cleaner, found in left for problem in cleaner.remove(found)]
    for problem in problems:
        console.print(problem, markup=False)
    return DIFFERS if problems else AGREES


def _callers(options: argparse.Namespace, cloud: AwsCloud) -> list[AwsPrincipal]:
    """The callers of the profiles, which have to be of the accounts named. Raises HarnessError."""
    if not (options.profile and options.account):
        raise HarnessError("Say which account is yours to try in: PROFILE=sandbox ACCOUNT=111122223333.")
    if bool(options.other_profile) != bool(options.other_account):
        raise HarnessError("OTHER_PROFILE and OTHER_ACCOUNT go together: give both or none.")
    if options.other_account == options.account:
        raise HarnessError("OTHER_ACCOUNT is the same account as ACCOUNT: name another, or leave both OTHER_... out.")
    named = [(options.profile, options.account)]
    if options.other_profile:
        named.append((options.other_profile, options.other_account))
    return [_caller(cloud, profile, account, options.region) for profile, account in named]


def _caller(cloud: AwsCloud, profile: str, account: str, region: str) -> AwsPrincipal:
    try:
        session = boto3.Session(profile_name=profile)
    except ProfileNotFound as error:
        raise HarnessError(
            f"There is no profile {profile}: name one that 'aws configure list-profiles' shows."
        ) from error
    if session.get_credentials() is None:
        raise HarnessError(f"The profile {profile} has no credentials: log in with it first.")
    caller = AwsPrincipal.of_session(cloud, session, region)
    if caller.account != account:
        raise HarnessError(
            f"The profile {profile} is of account {caller.account}, not of {account}: name the account you mean, or "
            "another profile. Nothing was created."
        )
    if caller.arn.endswith(":root"):
        raise HarnessError(
            f"The profile {profile} is of the root user, who can't assume roles: take a user's or a role's."
        )
    return caller


def _accounts(callers: Sequence[AwsPrincipal]) -> str:
    return " and ".join(f"account {caller.account} as {caller.arn}" for caller in callers).capitalize() + "."


def _confirm(options: argparse.Namespace, ask: Callable[[str], str]) -> None:
    """Raises HarnessError unless the person says yes."""
    if options.yes:
        return
    try:
        said = ask("Go on? Say yes: ")
    except EOFError as error:
        raise HarnessError("No terminal to ask on: set YES=1 to go on without asking. Nothing was changed.") from error
    if said.strip().lower() not in ("y", "yes"):
        raise HarnessError("Nothing was changed.")


if __name__ == "__main__":
    sys.exit(main())
