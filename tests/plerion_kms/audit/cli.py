"""`plerion-kms audit`: the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich_argparse import RawDescriptionRichHelpFormatter

from plerion_kms.audit import saved, terminal, whatif
from plerion_kms.audit.accounts import targets_of
from plerion_kms.audit.assess import KeyCheck, Options, assess, home_of
from plerion_kms.audit.calls import error_text
from plerion_kms.audit.collect import read
from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.expect import Expectations
from plerion_kms.audit.groups import at_or_above
from plerion_kms.audit.judge import Judge
from plerion_kms.audit.live import Live
from plerion_kms.audit.mode_statements import MODES
from plerion_kms.audit.report import Finding, Report, Severity, Verdict
from plerion_kms.audit.roles import ACCESS_NAME, APPLIANCE_NAME
from plerion_kms.audit.snapshot import SavedKey, Snapshot
from plerion_kms.audit.writers import write
from plerion_kms.audit.writers.data import pieces

AS_EXPECTED, FINDINGS, COULD_NOT_LOOK = 0, 1, 2
INTERRUPTED = 130

DESCRIPTION = """Which of your KMS keys can Plerion reach, why not, and the files that fix it.

The audit only reads. What it needs to be allowed: plerion-kms audit --policy"""


def command() -> None:
    """The console script: run the command and end the process."""
    code = main()
    if code == INTERRUPTED:
        # Calls under way have threads that Python would wait for, minutes where AWS does not answer.
        os._exit(code)
    sys.exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit code: 0 as expected, 1 findings, 2 wrong use or nothing could be looked at."""
    options = parser().parse_args(arguments)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return _audit(options, errors)
    except AuditError as error:
        errors.print(str(error), markup=False)
        return COULD_NOT_LOOK
    except KeyboardInterrupt:
        errors.print("Interrupted before the audit was done.", markup=False)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has enough; what Python flushes at the end must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_LOOK


def parser() -> argparse.ArgumentParser:
    """The options, in the groups in which `--help` shows them."""
    RawDescriptionRichHelpFormatter.group_name_formatter = str
    top = argparse.ArgumentParser(prog="plerion-kms", formatter_class=RawDescriptionRichHelpFormatter)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    audit = commands.add_parser(
        "audit",
        help="judge the keys of one account, several, or an organization",
        description=DESCRIPTION,
        formatter_class=RawDescriptionRichHelpFormatter,
    )
    what = audit.add_argument_group("What to read")
    what.add_argument("--profile", help="profile of the AWS configuration (default: the usual credentials)")
    which = what.add_mutually_exclusive_group()
    which.add_argument(
        "--accounts",
        type=Path,
        metavar="FILE",
        help="YAML list of accounts: id, and if needed role_name and external_id",
    )
    which.add_argument("--organization", action="store_true", help="every active account of the organization")
    which.add_argument(
        "--from", dest="source", type=Path, metavar="DIR", help="judge what --save has kept, without AWS"
    )
    what.add_argument(
        "--role-name", default="PlerionKmsAudit", help="role to assume in each other account (default: %(default)s)"
    )
    what.add_argument("--external-id", default="", help="external id for that role")
    what.add_argument(
        "--regions", nargs="+", default=["enabled"], metavar="REGION", help="names, or 'enabled' (the default)"
    )
    what.add_argument("--threads", type=_threads, default=16, metavar="N", help="calls at once (default: %(default)s)")
    what.add_argument("--save", type=Path, metavar="DIR", help="keep what was read in this new folder")

    judged = audit.add_argument_group("The integration, if it can't be found")
    judged.add_argument("--mode", choices=MODES, help="judge this mode; if the role has another, what would change")
    judged.add_argument("--integration-account", default="", metavar="ID", help="account whose roles use the keys")
    judged.add_argument("--appliance-role", default=APPLIANCE_NAME, metavar="NAME")
    judged.add_argument("--access-role", default=ACCESS_NAME, metavar="NAME")

    checks = audit.add_argument_group("What to compare with")
    checks.add_argument("--expect", type=Path, metavar="FILE", help="who should be allowed what, as an access.yaml")
    checks.add_argument("--live", action="store_true", help="make harmless calls as the two roles and compare")

    tries = audit.add_argument_group("What if")
    tries.add_argument(
        "--tag", action="append", default=[], metavar="KEY=VALUE", help="tag the key PlerionAccess = VALUE"
    )
    tries.add_argument("--add-statements", action="store_true", help="the Plerion statements in every key policy")
    tries.add_argument("--hardened", action="store_true", help="hardened = true of the modules")

    out = audit.add_argument_group("What to write")
    out.add_argument("--out", type=Path, metavar="DIR", help="Terraform, report.html, report.json, SARIF, CSV")
    out.add_argument("--json", action="store_true", help="report.json to standard output, and nothing else")
    out.add_argument(
        "--fail-on", type=Severity, choices=list(Severity), default=Severity.LOW, help="severity (default: %(default)s)"
    )
    out.add_argument("--exit-zero", action="store_true", help="exit with 0 even with findings")
    out.add_argument("--policy", action="store_true", help="print the IAM policy that the audit needs, and stop")
    return top


def _audit(options: argparse.Namespace, errors: Console) -> int:
    if options.policy:
        sys.stdout.write(resources.files("plerion_kms.audit").joinpath("permissions.json").read_text(encoding="utf-8"))
        return AS_EXPECTED
    change = whatif.Change(
        mode=options.mode or "",
        tags=_tags(options.tag),
        add_statements=options.add_statements,
        hardened=options.hardened,
    )
    checks = Checks(options, errors, change)
    for option, folder in (("--save", options.save), ("--out", options.out)):
        # Known before minutes of reading.
        if folder and folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise AuditError(f"{folder} is not an empty folder: name a new one for {option}.")
    snapshot = _snapshot(options, errors)
    if options.save:
        saved.save(snapshot, options.save)
    judged = Options(
        mode=options.mode or MODES[0],
        integration_account=options.integration_account,
        appliance_role=options.appliance_role,
        access_role=options.access_role,
    )
    before = assess(snapshot, judged, [] if change else checks.all)
    report = before
    if change:
        snapshot = whatif.apply(change, snapshot, lambda account: home_of(account, judged), judged.appliance_role)
        report = assess(snapshot, replace(judged, hardened=change.hardened), checks.all)
    checks.report_leftovers()
    if not report.keys:
        raise AuditError(_nothing(before))
    if options.json:
        sys.stdout.writelines(pieces(report))
        sys.stdout.flush()
    else:
        terminal.show(report, Console(), changed=whatif.changes(before, report) if change else None)
    if options.out:
        for path in write(report, snapshot, options.out):
            errors.print(f"Wrote {path}", markup=False)
    return _exit_code(options, report)


class Checks:
    """The further looks that the options ask for."""

    def __init__(self, options: argparse.Namespace, errors: Console, change: whatif.Change) -> None:
        """Raises AuditError for options that exclude each other, or a file that can't be read."""
        if options.live and options.source:
            raise AuditError("--live asks AWS and --from works without: leave one of the two out.")
        if options.live and change:
            raise AuditError("--live compares with what is, not with what would be: leave --live or the what-if out.")
        self._options = options
        self._errors = errors
        self._expectations = Expectations(options.expect) if options.expect else None
        self._live: dict[str, Live] = {}
        self.all: list[KeyCheck] = []
        if self._expectations:
            self.all.append(self._expectations.findings)
        if options.live:
            self.all.append(self._called)

    def report_leftovers(self) -> None:
        """Say what could not be compared. Raises AuditError for expected keys that were not read."""
        for live in self._live.values():
            for problem in live.problems:
                self._errors.print(problem, markup=False)
        unseen = self._expectations.unseen if self._expectations else ()
        if unseen:
            raise AuditError(
                f"{self._options.expect} names {', '.join(sorted(unseen))}, which could not be judged: read the key's "
                "account and Region too, or remove it from the file."
            )

    def _called(self, judge: Judge, saved: SavedKey) -> Iterable[Finding]:
        account = judge.integration.account
        if account not in self._live:
            session = boto3.Session(profile_name=self._options.profile)
            self._live[account] = Live(session, judge, self._options.external_id)
        return self._live[account].findings(judge, saved)


def _snapshot(options: argparse.Namespace, errors: Console) -> Snapshot:
    if options.source:
        return saved.load(options.source)
    regions = [] if options.regions == ["enabled"] else options.regions
    try:
        session = boto3.Session(profile_name=options.profile)
        unknown = set(regions) - {
            name for part in session.get_available_partitions() for name in session.get_available_regions("kms", part)
        }
        if unknown:
            raise AuditError(
                f"--regions names {', '.join(sorted(unknown))}, which AWS does not have: check the spelling."
            )
        targets = targets_of(
            session,
            options.accounts,
            organization=options.organization,
            role=options.role_name,
            external_id=options.external_id,
        )
        columns = (TextColumn("Reading {task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=errors, transient=True) as bar:
            task = bar.add_task("accounts", total=None)
            return read(
                session,
                targets,
                regions,
                threads=options.threads,
                organization=options.organization,
                progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
            )
    except (BotoCoreError, ClientError) as error:
        code, text = error_text(error)
        raise AuditError(
            f"AWS can't be asked with these credentials ({code}: {text}): log in, or name a profile with --profile."
        ) from error


def _exit_code(options: argparse.Namespace, report: Report) -> int:
    if all(key.verdict is Verdict.UNREADABLE for key in report.keys):
        return COULD_NOT_LOOK
    if options.exit_zero:
        return AS_EXPECTED
    unread = any(key.verdict is Verdict.UNREADABLE for key in report.keys) or report.unread
    return FINDINGS if at_or_above(report.findings, options.fail_on) or unread else AS_EXPECTED


def _nothing(report: Report) -> str:
    if report.unread:
        return "No key could be read.\n" + "\n".join(unread.sentence for unread in report.unread[:10])
    return "There are no KMS keys in these accounts and Regions: name others with --regions or --accounts."


def _tags(texts: Sequence[str]) -> Mapping[str, str]:
    tags = {}
    for text in texts:
        key, equals, value = text.rpartition("=")
        if not equals or not key:
            raise AuditError(f"--tag {text} is not of the form KEY=VALUE: for instance --tag alias/app=Denied.")
        tags[key] = value
    return tags


def _threads(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("give a number from 1 to 64")
    return int(text)
