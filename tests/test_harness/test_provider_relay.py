"""The provider that is kept running: what it says to Terraform, how many of its processes there are, and their end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.aws.cloud import EmulatedCloud
from harness.errors import HarnessError
from harness.examples.run import ExampleRun
from harness.examples.special import run_of
from harness.paths import EXAMPLES, MODULES
from harness.terraform import binary as terraform_binary
from harness.terraform import provider_binary
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.provider_schema import named_types
from harness.terraform.runner import Terraform, TerraformError

pytestmark = pytest.mark.xdist_group("provider-relay")

EXAMPLE = "isolated-key"
CONFIGURATIONS_OF_THE_EXAMPLE = 2


@pytest.fixture
def run(cloud: EmulatedCloud) -> Iterator[ExampleRun]:
    """The example, initialised; it has two configurations of the provider and looks things up."""
    with run_of(EXAMPLE, cloud) as run:
        run.terraform.init()
        yield run


def planned(terraform: Terraform) -> dict[str, Any]:
    """The plan, but for the time of day and an order that is another one each time."""
    document = terraform.plan_document(kms_key_access_mode="SELECTED_KEYS")
    del document["timestamp"]
    document["relevant_attributes"].sort(key=json.dumps)
    return document


def processes() -> list[psutil.Process]:
    """The provider's processes that this one started."""
    return [child for child in psutil.Process().children() if child.name().startswith("terraform-provi")]


@pytest.mark.ci
def test_the_plan_is_that_of_a_provider_that_starts_anew(run: ExampleRun) -> None:
    variables = run.terraform.variables
    with Terraform(EXAMPLES / EXAMPLE, run.environment(), variables, relay=None) as customers:
        customers.init()
        expected = planned(customers)
    assert len(expected["resource_changes"]) == 5
    assert planned(run.terraform) == expected


@pytest.mark.ci
def test_each_configuration_has_a_process_that_stays_until_the_end(run: ExampleRun) -> None:
    before = set(processes())
    run.terraform.plan()
    started = set(processes()) - before
    assert len(started) == CONFIGURATIONS_OF_THE_EXAMPLE
    run.terraform.plan()
    assert set(processes()) - before == started
    run.terraform.close()
    assert [process for process in started if process.is_running()] == []


@pytest.mark.ci
def test_what_the_provider_refuses_is_said_in_its_words(run: ExampleRun) -> None:
    with pytest.raises(TerraformError, match=r"Cannot assume IAM Role .*main\.tf line \d+"):
        run.terraform.plan(key_administrator_role_arn="arn:aws:iam::000000000001:role/Other")


def test_the_types_are_read_from_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "main.tf").write_text('resource "aws_kms_key" "this" {}\nresource "terraform_data" "this" {}\n')
    (tmp_path / "tests" / "a.tftest.hcl").write_text('mock_provider "aws" {\n  mock_data "aws_iam_role" {\n  }\n}\n')
    assert named_types(tmp_path) == {"aws_kms_key", "aws_iam_role"}
    assert named_types(MODULES) >= {"aws_iam_role", "aws_kms_key_policy"}


def test_a_type_that_is_not_named_is_refused(tmp_path: Path) -> None:
    provider = ProviderRelay(provider_binary.locate().file, {"aws_iam_role"}, {}, tmp_path)
    (tmp_path / "main.tf").write_text(
        'data "aws_iam_role" "this" {\n  name = "x"\n}\n\nresource "aws_kms_key" "x" {}\n'
    )
    try:
        answer = subprocess.run(
            [terraform_binary.locate(), "validate", "-no-color"],
            cwd=tmp_path,
            env={"CHECKPOINT_DISABLE": "1", **provider.environment()},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        provider.stop()
    assert 'does not support resource type "aws_kms_key"' in " ".join(answer.stderr.split())
    assert "aws_iam_role" not in answer.stderr


def test_a_program_that_is_no_provider_is_named(tmp_path: Path) -> None:
    program = tmp_path / "terraform-provider-aws_v9"
    program.write_text("#!/bin/sh\necho not a provider\n")
    program.chmod(0o755)
    provider = ProviderRelay(program, frozenset(), {}, tmp_path)
    with pytest.raises(HarnessError, match=r"terraform-provider-aws_v9 does not offer protocol 5 to debuggers: give "):
        provider.answer("/tfplugin5.Provider/GetSchema", b"", "a connection")
    provider.stop()
