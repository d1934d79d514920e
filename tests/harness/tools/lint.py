"""`python -m harness.tools.lint`: every linter, at once. A tool that is missing is a failure, never a silent pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness import command
from harness.errors import HarnessError
from harness.paths import EXAMPLES, MODULES, PROJECT
from harness.terraform.binary import locate
from harness.terraform.combined import combined
from harness.tools import tflint
from harness.tools.docs import module_folders
from harness.tools.links import broken
from harness.tools.scan import tree_of

TERRAFORM_FOLDERS = ("modules", "examples", "tests/test_scanning")
SKIPPED_FOLDERS = {".venv", ".venv-checkov", ".tools", ".git", ".terraform", "node_modules", "mutants"}
TFLINT_CONFIGURATION = ".tflint.hcl"
AWS_CONFIGURATION = ".tflint-aws.hcl"
WORDS = PROJECT / "tests" / "setup" / "words.txt"
"""One word or phrase a line, `->`, and what to write for it: the form of codespell's dictionaries."""
NO_MISTAKES = "abd,alpha-numeric,awsome,braket,equired"
"""What codespell takes for mistakes: names, texts of AWS, and what tests give to patterns."""
NOT_PROSE = {".svg", ".png"}
AT_ONCE = 2
# Taken once: the Terraform runner changes the process's environment while it works.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "TF_CLI_CONFIG_FILE"}


@dataclass(frozen=True)
class Result:
    """What a linter says. problems: empty where it is content. note: what a person should know all the same."""

    problems: str = ""
    note: str = ""


def run(command: Sequence[str | Path], folder: Path = PROJECT) -> Result:
    """A command's output, if it fails. Raises HarnessError where it cannot be started."""
    try:
        result = subprocess.run(
            [str(part) for part in command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise HarnessError(f"{Path(command[0]).name} cannot be run ({error}): run 'make setup'.") from error
    output = f"{result.stdout}{result.stderr}".strip()
    return Result("" if result.returncode == 0 else output or f"it ended with {result.returncode}")


def terraform_fmt() -> Result:
    """Formatting of all HCL."""
    return run([locate(), "fmt", "-check", "-diff", "-recursive", *TERRAFORM_FOLDERS])


def terraform_validate() -> Result:
    """All examples, and by them all modules, in one process, with the provider as customers get it."""
    with combined(tree_of(PROJECT), {}, relay=None) as terraform:
        terraform.validate()
        manifest = json.loads(
            (terraform.folder / ".terraform" / "modules" / "modules.json").read_text(encoding="utf-8")
        )
        validated = {(terraform.folder / module["Dir"]).resolve() for module in manifest["Modules"]}
        copied = (terraform.folder / MODULES.relative_to(PROJECT)).resolve()
    missed = [
        folder for module in module_folders() if copied / (folder := module.relative_to(MODULES)) not in validated
    ]
    return Result(
        "\n".join(f"modules/{folder} is called by no example: add one, so that it is validated." for folder in missed)
    )


def tflint_all() -> Result:
    """tflint with its Terraform ruleset, and with the AWS ruleset where that is installed."""
    plugin = tflint.aws_plugin(ENVIRONMENT)
    configuration = PROJECT / (AWS_CONFIGURATION if plugin else TFLINT_CONFIGURATION)
    command: list[str | Path] = [
        tflint.ensure(ENVIRONMENT),
        "--recursive",
        "--format=compact",
        "--config",
        configuration,
    ]
    problems = [result.problems for folder in (MODULES, EXAMPLES) if (result := run(command, folder)).problems]
    missing = (
        f"its AWS ruleset is not installed and did not run: 'tflint --init --config {AWS_CONFIGURATION}' installs it"
    )
    return Result("\n".join(problems), "" if plugin else missing)


def shell_scripts() -> Result:
    """All shell scripts of the tree, by name or by first line."""
    scripts = [path for path in files() if path.suffix == ".sh" or _is_shell(path)]
    return run([tool("shellcheck"), *scripts])


def links() -> Result:
    """Relative links of all Markdown files."""
    found = broken(path for path in files() if path.suffix == ".md")
    return Result("\n".join(line.replace(f"{PROJECT}/", "") for line in found))


def words() -> Result:
    """Spelling, and the words and phrases that `WORDS` has a plainer form for."""
    listed = [line.partition("->")[0] for line in WORDS.read_text(encoding="utf-8").splitlines()]
    # codespell looks up what this finds. The longest come first, since the first alternative wins.
    phrases = sorted((each for each in listed if " " in each), key=len, reverse=True)
    pattern = rf"\b(?i:{'|'.join(phrases)})\b|[\w\-']+"
    dictionaries: list[str | Path] = ["--dictionary", "-", "--dictionary", WORDS]
    read = [path for path in files() if path != WORDS and path.suffix not in NOT_PROSE]
    return run([tool("codespell"), *dictionaries, "--ignore-words-list", NO_MISTAKES, "--regex", pattern, *read])


def tool(name: str) -> Path:
    """A program of the environment that this runs in."""
    return Path(sys.executable).with_name(name)


def files() -> Iterator[Path]:
    """The files of the tree that are the project's own."""
    for folder, folders, names in os.walk(PROJECT):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS and not name.endswith("_cache"))
        yield from (Path(folder) / name for name in sorted(names))


def _is_shell(path: Path) -> bool:
    if path.suffix:
        return False
    with path.open("rb") as file:
        return file.readline(64).startswith((b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash"))


# The slowest first, so that the last to end is a short one.
LINTERS: dict[str, Callable[[], Result]] = {
    "terraform validate": terraform_validate,
    "mypy": lambda: run([tool("mypy")]),
    "tflint": tflint_all,
    "shellcheck": shell_scripts,
    "terraform fmt": terraform_fmt,
    "ruff check": lambda: run([tool("ruff"), "check", "tests"]),
    "ruff format": lambda: run([tool("ruff"), "format", "--check", "tests"]),
    "links": links,
    "words": words,
}


def main() -> int:
    """Run all and print what each says. Returns 0 where all are content."""

    def result_of(linter: Callable[[], Result]) -> Result:
        try:
            return linter()
        except HarnessError as error:
            return Result(str(error))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = dict(zip(LINTERS, pool.map(result_of, LINTERS.values()), strict=True))
    for name, result in results.items():
        note = f" ({result.note})" if result.note else ""
        sys.stdout.write(f"{name}: {'FAILED' if result.problems else 'ok'}{note}\n")
        if result.problems:
            sys.stdout.write(f"{result.problems}\n\n")
    return 1 if any(result.problems for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(command.run(main))
