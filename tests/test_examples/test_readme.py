"""The top README: its HCL plans, each of its commands is run somewhere, and it stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import Account
from harness.examples.accounts import (
    EXTERNAL_ID,
    STACK_ACCESS_ROLE,
    STACK_APPLIANCE_ROLE,
    create_stack_roles,
)
from harness.paths import PROJECT
from harness.terraform.runner import Terraform

README = (PROJECT / "README.md").read_text(encoding="utf-8")
ABOVE, _, REFERENCE = README.partition("\n# Reference\n")
MOST_WORDS = 1300
SOURCE = re.compile(r'"github\.com/plerion/plerion_kms//(modules/[\w-]+)\?ref=v([\d.]+)"')
VALUES = {
    "external_id": EXTERNAL_ID,
    "appliance_role_name": STACK_APPLIANCE_ROLE,
    "access_role_name": STACK_ACCESS_ROLE,
}

CI, HERE, AUDIT, DEMO = ".ci/run", "this file", "tests/test_audit", "tests/test_harness/test_demo.py"
AWS, RELEASE, PROGRAMS = "needs an account of AWS", "needs a release", "needs another program"
RUN_BY = {
    "make demo": DEMO,
    "make test": CI,
    "pipx install git+https://github.com/plerion/plerion_kms": RELEASE,
    "plerion-kms audit --profile prod --out plerion-audit": AWS,
    "make verify-aws PROFILE=sandbox ACCOUNT=111122223333": AWS,
    "make verify-aws-clean PROFILE=sandbox ACCOUNT=111122223333 RUN=ID": AWS,
    "make scan FOLDER=../my-terraform": "tests/test_harness/test_publishing.py",
    "make test TERRAFORM=/path/to/tofu PROVIDER_VERSION=6.0.0": PROGRAMS,
    "make test PROVIDER=/path/to/terraform-provider-aws_v5.60.0_x5": PROGRAMS,
    'make test ARGS="-k isolated-key"': CI,
    "make lint scan": CI,
    "make": HERE,
}
"""Each command of the README, and what runs it or why nothing can."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_every_command_is_run_or_listed_as_one_that_cannot_be() -> None:
    lines = [line.partition(" #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    assert sorted(line for line in lines if line) == sorted(RUN_BY)


def test_the_calls_plan(cloud: EmulatedCloud, tmp_path: Path) -> None:
    account = Account.make(cloud)
    create_stack_roles(account, account.root.arn)
    calls = "\n".join(blocks("hcl"))
    variables = "".join(f'variable "{name}" {{\n  type = string\n}}\n' for name in VALUES)
    folder = tmp_path / "readme"
    folder.mkdir()
    (folder / "main.tf").write_text(f"{variables}{SOURCE.sub(r'"../../\1"', calls)}", encoding="utf-8")
    with Terraform(folder, account.root.terraform_environment(), VALUES) as terraform:
        terraform.init()
        changes = terraform.plan()
    created = {change.address.partition(".module.")[0].removeprefix("module.") for change in changes}
    assert {change.action for change in changes} == {"create"}
    # The call for documents alone creates nothing.
    assert created == {"plerion_kms", "plerion_kms_roles"}


def test_the_calls_are_pinned_to_the_present_version() -> None:
    version = (PROJECT / "VERSION").read_text(encoding="utf-8").strip()
    assert {found for _, found in SOURCE.findall(README)} == {version}
    assert len(SOURCE.findall(README)) == len(blocks("hcl"))


def test_the_reader_is_through_in_minutes() -> None:
    prose = re.sub(r"^```.*?^```", "", ABOVE, flags=re.DOTALL | re.MULTILINE)
    assert len(prose.split()) <= MOST_WORDS


@pytest.mark.parametrize("picture", re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README))
def test_pictures_are_kept_where_the_top_level_does_not_see_them(picture: str) -> None:
    assert picture.startswith(".github/")
    assert (PROJECT / picture).is_file()
