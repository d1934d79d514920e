"""checkov as a process: it lives in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform.binary import locate
from harness.tools.locations import Location

CHECKOV_VARIABLE = "CHECKOV"
TERRAFORM_VARIABLE = "PLERION_TERRAFORM"
"""Where the policies find the Terraform that evaluates HCL."""
ORIGINALS_VARIABLE = "PLERION_ORIGINALS"
"""A JSON file that says which folder a copy of it, made for checkov, stands for."""
READABLE = "CKV_PLERION_11"
"""The check that a policy can be read."""
POLICIES = PROJECT / "tests" / "scanning"
CONFIGURATION = PROJECT / ".checkov.yaml"


@dataclass(frozen=True)
class Finding:
    """One check that failed on one block, or was skipped there with a reason.

    fix: what to do, where the check says it. caller: the module call that led to the block, where there is one.
    """

    check: str
    name: str
    severity: str
    fix: str
    resource: str
    location: Location
    caller: Location | None = None
    reason: str | None = None

    def __str__(self) -> str:
        called = f" (called from {self.caller})" if self.caller else ""
        lines = (
            f"{self.location}: {self.check}{self.severity and f' {self.severity}'} {self.resource}{called}: {self.name}"
        )
        return f"{lines}\n    {self.fix}" if self.fix else lines


@dataclass(frozen=True)
class Report:
    """What one framework of checkov found. resources: how many it saw. read: blocks whose policies it could read."""

    failed: list[Finding] = field(default_factory=list)
    skipped: list[Finding] = field(default_factory=list)
    passed: int = 0
    parsing_errors: list[str] = field(default_factory=list)
    resources: int = 0
    read: list[Finding] = field(default_factory=list)

    @property
    def looked(self) -> bool:
        """Whether there was anything to look at."""
        return bool(self.resources or self.passed or self.failed or self.skipped)

    def with_(self, other: Report) -> Report:
        """Both together."""
        return Report(
            [*self.failed, *other.failed],
            [*self.skipped, *other.skipped],
            self.passed + other.passed,
            [*self.parsing_errors, *other.parsing_errors],
            self.resources + other.resources,
            [*self.read, *other.read],
        )

    def placed(self, place: Callable[[Finding], Finding]) -> Report:
        """The same, with every finding at another place."""
        return replace(
            self,
            failed=[*map(place, self.failed)],
            skipped=[*map(place, self.skipped)],
            read=[*map(place, self.read)],
        )


@dataclass(frozen=True)
class Answer:
    """What one run found, by framework. sarif: checkov's own SARIF, its results in the order of `findings`."""

    reports: dict[str, Report]
    sarif: dict[str, Any] = field(repr=False)

    @property
    def findings(self) -> list[Finding]:
        """All findings: of each framework those that failed, then those that are skipped."""
        return [finding for report in self.reports.values() for finding in (*report.failed, *report.skipped)]

    def moved(self, place: str, to: str) -> Answer:
        """The same, with files below the folder `place` named as if they were in `to`."""

        def named(path: str) -> str:
            return f"{to}{path.removeprefix(place)}" if path.startswith(place) else path

        def at(finding: Finding) -> Finding:
            return replace(finding, location=replace(finding.location, file=named(finding.location.file)))

        reports = {
            framework: replace(report.placed(at), parsing_errors=[*map(named, report.parsing_errors)])
            for framework, report in self.reports.items()
        }
        return Answer(reports, self.sarif)

    def of(self, framework: str) -> Report:
        """The report of one framework; an empty one where it found nothing to look at."""
        return self.reports.get(framework, Report())


class Run:
    """checkov, started; `answer` waits for it. output: a folder for its files. switches: further variables for it."""

    def __init__(
        self, arguments: Sequence[str | Path], output: Path, tree: Path, switches: Mapping[str, str] | None = None
    ) -> None:
        self._output = output
        self._tree = tree
        output.mkdir(parents=True, exist_ok=True)
        command = [
            *program(),
            *arguments,
            *("--external-checks-dir", POLICIES, "--skip-download", "--compact"),
            *("--output", "json", "--output", "sarif", "--output-file-path", output),
        ]
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("BC_", "PRISMA_", "CKV_"))
        }
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=tree,
            env={
                **environment,
                "LOG_LEVEL": "WARNING",
                "ANSI_COLORS_DISABLED": "1",
                "TMPDIR": str(output),
                TERRAFORM_VARIABLE: str(locate()),
                **(switches or {}),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> None:
        """End it with the processes that it started, if it still runs."""
        if self._process.poll() is None:
            with suppress(psutil.Error):
                for child in psutil.Process(self._process.pid).children(recursive=True):
                    child.kill()
            self._process.kill()
            self._process.communicate()

    def answer(self) -> Answer:
        """What it found. Raises HarnessError where it did not run to its end or could not run a check."""
        try:
            _, messages = self._process.communicate()
        except BaseException:
            self.stop()
            raise
        # A traceback alone is what checkov logs of a file that it does not parse in time; it names that file itself.
        errors = [line for line in messages.splitlines() if "[ERROR]" in line]
        written = self._output / "results_json.json"
        if errors or not written.is_file():
            detail = "\n".join(errors) or messages[-2000:]
            raise HarnessError(f"checkov ended with {self._process.returncode} and could not run all checks: {detail}")
        document = json.loads(written.read_text(encoding="utf-8"))
        # One framework comes by itself, several as a list, none as a summary alone.
        documents = document if isinstance(document, list) else [document] if "check_type" in document else []
        sarif = json.loads((self._output / "results_sarif.sarif").read_text(encoding="utf-8"))
        return Answer({each["check_type"]: self._report(each) for each in documents}, sarif)

    def _report(self, document: dict[str, Any]) -> Report:
        results = document["results"]
        return Report(
            failed=[self._finding(record) for record in results["failed_checks"]],
            resources=document["summary"]["resource_count"],
            read=[self._finding(record) for record in results["passed_checks"] if record["check_id"] == READABLE],
            skipped=[self._finding(record) for record in results["skipped_checks"]],
            passed=document["summary"]["passed"],
            parsing_errors=[os.path.relpath(path, self._tree) for path in results["parsing_errors"]],
        )

    def _finding(self, record: dict[str, Any]) -> Finding:
        caller = record.get("caller_file_path")
        return Finding(
            check=record["check_id"],
            name=record["check_name"],
            severity=record.get("severity") or "",
            fix=record.get("guideline") or "",
            resource=record["resource"],
            location=self._location(record["file_abs_path"], record["file_line_range"]),
            caller=self._location(self._tree / caller.lstrip("/"), record["caller_file_line_range"])
            if caller
            else None,
            reason=record["check_result"].get("suppress_comment"),
        )

    def _location(self, path: str | Path, lines: Sequence[int]) -> Location:
        return Location(os.path.relpath(path, self._tree), lines[0], lines[1])


def program() -> list[Path]:
    """What starts checkov: the program that the variable CHECKOV names, else make's. Raises HarnessError."""
    named = os.environ.get(CHECKOV_VARIABLE)
    found = Path(named) if named else PROJECT / ".venv-checkov" / "bin" / "checkov"
    if not found.is_file():
        raise HarnessError(f"checkov is not at {found}: run 'make setup'.")
    # The script that pip installs names its interpreter in a way that fails where a folder's name has a space.
    return [found] if named else [found.with_name("python"), found]
