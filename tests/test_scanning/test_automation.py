"""The workflow, pre-commit and .ci/run: they run the make targets, and the workflow is pinned and may do little."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from _pytest.mark import ParameterSet

from harness.paths import PROJECT
from harness.terraform.binary import FETCHED_VERSION
from harness.tools.scan import REPORTS

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.y*ml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
PINNED = re.compile(r"uses: ([\w-]+/[\w./-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def load(path: Any) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def jobs_of(*paths: Path) -> list[ParameterSet]:
    """The jobs with steps of their own."""
    return [
        pytest.param(job, id=f"{path.stem}-{name}")
        for path in paths
        for name, job in sorted(load(path)["jobs"].items())
        if "steps" in job
    ]


CI = PROJECT / ".github" / "workflows" / "ci.yml"
JOBS = jobs_of(*WORKFLOWS)
CI_JOBS = jobs_of(CI)
TRIGGERS = {"push", "pull_request", "schedule", "workflow_call", "workflow_dispatch"}
"""None of them gives secrets to code of a fork."""
UPLOADS = {"contents": "read", "security-events": "write"}
PERMISSIONS = {
    ("ci", "scan"): UPLOADS,
    ("release", "release"): {"contents": "write"},
    ("release", "test"): UPLOADS,
}
"""By workflow and job: what it may do. All others may read the repository."""


def steps(job: dict[str, Any], action: str) -> list[dict[str, Any]]:
    return [step for step in job["steps"] if step.get("uses", "").startswith(f"{action}@")]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(path: Any) -> None:
    lines = [
        line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line) and not line.startswith("uses: ./")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_one_action_has_one_pin(path: Any) -> None:
    pins = set(re.findall(r"uses: (\S+)@(\S+)", path.read_text(encoding="utf-8")))
    assert len(pins) == len({action for action, _ in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_what_it_needs(path: Any) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    # YAML reads the key "on" as a boolean.
    assert set(workflow[True]) <= TRIGGERS
    for name, job in workflow["jobs"].items():
        assert job.get("permissions") == PERMISSIONS.get((path.stem, name))


@pytest.mark.parametrize("job", CI_JOBS)
def test_the_steps_run_make_targets_that_exist(job: dict[str, Any]) -> None:
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands
    for command in commands:
        assert re.fullmatch(r"make [a-z]+", command)
        assert command.removeprefix("make ") in TARGETS


@pytest.mark.parametrize("job", JOBS)
def test_nothing_of_the_event_gets_into_a_shell(job: dict[str, Any]) -> None:
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("job", JOBS)
def test_the_job_ends_and_keeps_no_credentials(job: dict[str, Any]) -> None:
    assert job["timeout-minutes"] <= 45
    assert [step["with"]["persist-credentials"] for step in steps(job, "actions/checkout")] == [False]


@pytest.mark.parametrize("job", CI_JOBS)
def test_the_job_has_the_terraform_and_python_of_the_project(job: dict[str, Any]) -> None:
    (python,) = steps(job, "actions/setup-python")
    if "strategy" in job:
        # The emulator needs no Terraform.
        assert job["strategy"]["matrix"] == {"python-version": ["3.12", "3.13"]}
        assert python["with"]["python-version"] == "${{ matrix.python-version }}"
        return
    assert python["with"]["python-version"] in ("3.12", "3.13")
    (terraform,) = steps(job, "hashicorp/setup-terraform")
    assert terraform["with"] == {"terraform_version": FETCHED_VERSION, "terraform_wrapper": False}


def test_lint_has_the_go_that_builds_tflint() -> None:
    assert steps(load(CI)["jobs"]["lint"], "actions/setup-go")


def test_the_scan_uploads_what_make_scan_writes_also_when_it_finds_something() -> None:
    job = load(CI)["jobs"]["scan"]
    (upload,) = steps(job, "github/codeql-action/upload-sarif")
    assert PROJECT / upload["with"]["sarif_file"] == REPORTS
    assert upload["if"].startswith("(success() || failure())")
    assert [step.get("run") for step in job["steps"]].index("make scan") < job["steps"].index(upload)


def test_workflow_ci_and_contributing_name_the_same_targets() -> None:
    jobs = load(CI)["jobs"].values()
    in_workflow = {step["run"].removeprefix("make ") for job in jobs for step in job["steps"] if "run" in step}
    in_ci = {
        target
        for targets in re.findall(
            r"^ *make ([a-z ]+?)(?: [A-Z].*)?$", (PROJECT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE
        )
        for target in targets.split()
    }
    in_table = re.findall(
        r"^\| `make ([^`]+)` \|", (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(in_table) == len(set(in_table))
    assert in_workflow == in_ci == set(in_table) == {"lint", "scan", "test", "emulator"}


def test_pre_commit_runs_make_targets_and_fetches_nothing() -> None:
    configuration = load(PROJECT / ".pre-commit-config.yaml")
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    for hook in configuration["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["pass_filenames"] is False
        assert hook["entry"].removeprefix("make ") in TARGETS
        assert set(hook["stages"]) <= set(configuration["default_install_hook_types"])
