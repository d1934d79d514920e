"""`python -m harness.tools.scan`: checkov over the modules and examples, as HCL and as the plan of each example.

With a folder as argument, or in the variable FOLDER: our policies over the Terraform in it, HCL and plan JSON alike.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from emulator import Emulator, EmulatorError
from harness import command
from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import Account
from harness.errors import HarnessError
from harness.examples.accounts import EXTERNAL_ID, STACK_ACCESS_ROLE, STACK_APPLIANCE_ROLE, create_stack_roles
from harness.paths import PROJECT
from harness.terraform.combined import Tree, combined, plan_documents
from harness.terraform.runner import NOT_COPIED
from harness.tools import checkov, sarif
from harness.tools.checkov import Finding, Report
from harness.tools.locations import locate, skips
from harness.tools.survey import copy_others, survey

FOLDER_VARIABLE = "FOLDER"
"""How make hands a folder on: a name in a command's text would be read by the shell."""
REPORTS = PROJECT / ".reports"
EXAMPLES_APART = "apart/examples/"
EACH_BLOCK_ONCE = {"CHECKOV_ENABLE_FOREACH_HANDLING": "False", "CHECKOV_ENABLE_MODULES_FOREACH_HANDLING": "False"}
"""checkov evaluates count and for_each by evaluating everything again; the plans hold every instance."""

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
KEY_ROLE = f"arn:aws:iam::{ACCOUNT}:role/KeyAdministrator"
VALUES: dict[str, Any] = {
    "account_id": ACCOUNT,
    "external_id": EXTERNAL_ID,
    "appliance_role_name": STACK_APPLIANCE_ROLE,
    "access_role_name": STACK_ACCESS_ROLE,
    "integration_account_id": OTHER_ACCOUNT,
    "key_account_role_arn": KEY_ROLE,
    "key_administrator_role_arn": KEY_ROLE,
    "targets": {"everywhere": {"organizational_unit_ids": ["r-ab12"]}},
}
"""What the examples' required variables are planned with, by the variable's name."""


type PlanDocuments = dict[str, dict[str, Any]]
type Planner = Callable[[Tree], PlanDocuments]


def tree_of(folder: Path) -> Tree:
    """The examples of a project folder, with the modules that they call."""
    roots = sorted(path.parent.relative_to(folder).as_posix() for path in folder.glob("examples/*/main.tf"))
    return Tree(folder, tuple(roots), ("modules", "examples"), VALUES)


def scan_project(folder: Path, reports: Path, plans: Planner | None = None) -> dict[str, Report]:
    """Modules and examples of a project folder, as HCL and as plans; SARIF goes to `reports`. Raises HarnessError.

    plans: makes the plan documents; the emulator's account is the default place for that.
    """
    _empty(reports)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plerion-kms-scan-")))
        apart = _apart(folder, work / "apart")
        switches = {**EACH_BLOCK_ONCE, **_originals(folder, apart, work / "originals.json")}
        hcl = checkov.Run(["--directory", apart, *_configured("terraform")], work / "hcl", apart, switches)
        stack.callback(hcl.stop)
        documents = (plans or plans_on_the_emulator)(tree_of(folder))
        plan = scan_plans(folder, documents, work, reports)
        answer = hcl.answer().moved(EXAMPLES_APART, "examples/")
        report = answer.of("terraform")
        outcomes = {"plan": _without_placed(plan, report), "hcl": _without_placed(report, plan)}
        kept = {*outcomes["hcl"].failed, *report.skipped}
        sarif.write(reports / "hcl.sarif", "checkov/hcl", answer, answer.findings, kept.__contains__)
    for mode, report in outcomes.items():
        if not report.passed:
            raise HarnessError(f"No check passed in mode {mode}, so nothing was looked at: is {folder} the project?")
    return outcomes


def _without_placed(report: Report, other: Report) -> Report:
    """The report, without policies that could not be read and were read in the other report, at the same block."""
    read = {(finding.location.file, finding.location.start) for finding in other.read}

    def seen(finding: Finding) -> bool:
        return (finding.location.file, finding.location.start) in read

    return replace(report, failed=[f for f in report.failed if f.check != checkov.READABLE or not seen(f)])


def _apart(folder: Path, target: Path) -> Path:
    """A copy in which the examples do not find the modules.

    checkov would evaluate every module again for each example that calls it, for minutes; the plans hold those values.
    """
    shutil.copytree(folder / "modules", target / "modules", ignore=NOT_COPIED)
    shutil.copytree(folder / "examples", target / EXAMPLES_APART, ignore=NOT_COPIED)
    return target


def _originals(folder: Path, apart: Path, file: Path) -> dict[str, str]:
    """The variable that has the policies read the values of each copied folder where it was copied from."""
    copies = {place: place.relative_to(apart).as_posix() for place in apart.rglob("*") if place.is_dir()}
    originals = {
        os.path.realpath(place): os.path.realpath(folder / name.replace(EXAMPLES_APART, "examples/", 1))
        for place, name in copies.items()
    }
    file.write_text(json.dumps(originals), encoding="utf-8")
    return {checkov.ORIGINALS_VARIABLE: str(file)}


def _empty(reports: Path) -> None:
    """Make the folder, without what an earlier scan found."""
    reports.mkdir(parents=True, exist_ok=True)
    for old in reports.glob("*.sarif"):
        old.unlink()


def scan_plans(folder: Path, documents: PlanDocuments, work: Path, reports: Path) -> Report:
    """checkov over plan documents, by the root module that each is of; places are those in the HCL."""
    work.mkdir(parents=True, exist_ok=True)
    files = {}
    for root, document in documents.items():
        file = work / f"{root.replace('/', '_')}.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        files[file.resolve()] = root
    named = [part for file in files for part in ("--file", file)]
    answer = checkov.Run([*named, *_configured("terraform_plan")], work / "plan", folder).answer()

    def placed(finding: Finding) -> Finding:
        root = files[(folder / finding.location.file).resolve()]
        location = locate(finding.resource, documents[root], folder / root, folder) or finding.location
        reason = skips(location, folder).get(finding.check) if location is not finding.location else None
        return replace(finding, location=location, resource=f"{finding.resource} in the plan of {root}", reason=reason)

    report = answer.of("terraform_plan").placed(placed)
    found = [*report.failed, *report.skipped]
    sarif.write(reports / "plan.sarif", "checkov/plan", answer, found)
    failed = [finding for finding in found if finding.reason is None]
    skipped = [finding for finding in found if finding.reason is not None]
    return replace(report, failed=failed, skipped=skipped)


def scan_folder(folder: Path, reports: Path) -> dict[str, Report]:
    """Our policies alone over a customer's folder: its HCL and the plan JSON files in it. Raises HarnessError."""
    if not folder.is_dir():
        raise HarnessError(
            f"There is no folder {folder}: name one with Terraform in it, as in 'make scan FOLDER=PATH'."
        )
    surveyed = survey(folder)
    if not surveyed.found:
        raise HarnessError(f"There is neither HCL nor a plan as JSON in {folder}: name a folder that has some.")
    _empty(reports)
    frameworks = ["--framework", "terraform", "--framework", "terraform_plan"]
    ours = ("--check", "CKV_PLERION_*")
    with tempfile.TemporaryDirectory(prefix="plerion-kms-scan-") as temporary:
        work = Path(temporary)
        answer = checkov.Run(["--directory", folder, *frameworks, *ours], work / "folder", folder).answer()
        sarif.write(reports / "folder.sarif", "checkov/folder", answer, answer.findings)
        hcl, plan = answer.of("terraform"), answer.of("terraform_plan")
        if surveyed.others:
            folders, files = copy_others(surveyed, work / "others")
            originals = work / "originals.json"
            originals.write_text(json.dumps(folders), encoding="utf-8")
            switches = {checkov.ORIGINALS_VARIABLE: str(originals)}
            command: list[str | Path] = ["--directory", work / "others", "--framework", "terraform", *ours]
            more = checkov.Run(command, work / "more", folder, switches).answer()

            def placed(finding: Finding) -> Finding:
                file = os.path.relpath(os.path.realpath(folder / finding.location.file), os.path.realpath(folder))
                return replace(finding, location=replace(finding.location, file=files.get(file, file)))

            of_others = more.of("terraform").placed(placed)
            sarif.write(reports / "others.sarif", "checkov/others", more, [*of_others.failed, *of_others.skipped])
            hcl = hcl.with_(of_others)
    broken = [f"{file}: {reason}" for file, reason in sorted(surveyed.broken.items())]
    hcl = replace(hcl, parsing_errors=sorted({*hcl.parsing_errors, *broken}))
    if not (hcl.looked or plan.looked or hcl.parsing_errors):
        raise HarnessError(
            f"Nothing in {folder} could be looked at: its files hold no resource, module or data source."
        )
    return read_somewhere(hcl, plan)


def read_somewhere(hcl: Report, plan: Report) -> dict[str, Report]:
    """The reports, without findings that a policy could not be read where the other of the two has read it."""
    return {"hcl": _without_read(hcl, plan), "plan": _without_read(plan, hcl)}


def _without_read(report: Report, other: Report) -> Report:
    read = {(_folder(finding), _address(finding)) for finding in other.read}
    plans = {_folder(finding) for finding in (*other.read, *other.failed) if finding.location.file.endswith(".json")}

    def seen(finding: Finding) -> bool:
        # A data source is nothing by itself: a plan shows what it is used for.
        of_data = "aws_iam_policy_document." in finding.resource and _folder(finding) in plans
        return of_data or (_folder(finding), _address(finding)) in read

    return replace(report, failed=[f for f in report.failed if f.check != checkov.READABLE or not seen(f)])


def _folder(finding: Finding) -> str:
    """The folder of the root module: the plan's own, or that of the call that led to the block."""
    return str(Path((finding.caller or finding.location).file).parent)


def _address(finding: Finding) -> str:
    return re.sub(r"\[[^\]]*\]", "", finding.resource)


def _configured(framework: str) -> list[str | Path]:
    return ["--framework", framework, "--config-file", checkov.CONFIGURATION]


def plans_on_the_emulator(tree: Tree) -> PlanDocuments:
    """The plan documents of the tree's root modules, with an account of the emulator behind them."""
    # Enforcement is off: the question is what a plan holds, not who may make it.
    with Emulator(enforce=False) as emulator:
        cloud = EmulatedCloud(emulator.endpoint_url)
        account = Account.make(cloud, ACCOUNT)
        create_stack_roles(account, account.root.arn)
        environment = cloud.terraform_environment(account.root.credentials, account.root.region)
        with combined(tree, environment) as terraform:
            return plan_documents(tree, terraform)


def main(arguments: Sequence[str]) -> int:
    """Print what was found in the folder of the argument or of the variable FOLDER, or in this project.

    Returns 0 where something was looked at and nothing found, 1 for findings, 2 where something could not be looked at.
    """
    folder = arguments[0] if arguments else os.environ.get(FOLDER_VARIABLE, "")
    try:
        outcomes = scan_folder(Path(folder).resolve(), REPORTS) if folder else scan_project(PROJECT, REPORTS)
    except (HarnessError, EmulatorError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return show(outcomes)


def show(outcomes: dict[str, Report]) -> int:
    """Print the outcomes. Returns the exit code: 2 where a file could not be read, 1 for findings, else 0."""
    for mode, outcome in outcomes.items():
        for finding in sorted(map(str, outcome.failed)):
            sys.stdout.write(f"{finding}\n")
        for path in outcome.parsing_errors:
            file, _, reason = path.partition(": ")
            reason = reason or "checkov cannot parse it, or not in time: write it more simply, or scan the plan"
            sys.stdout.write(f"{file}:1: This file was not scanned: {reason}.\n")
        for skipped in sorted({f"{f.location}: {f.check} skipped: {f.reason}" for f in outcome.skipped}):
            sys.stdout.write(f"{skipped}\n")
        unread = sum(finding.check == checkov.READABLE for finding in outcome.failed)
        sys.stdout.write(
            f"{mode}: {outcome.passed} checks passed, {len(outcome.failed)} failed, {len(outcome.skipped)} skipped"
            f"{f'; {unread} policies could not be read' if unread else ''}.\n"
        )
    if any(outcome.parsing_errors for outcome in outcomes.values()):
        return 2
    return 1 if any(outcome.failed for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(command.run(lambda: main(sys.argv[1:]), failed=2))
