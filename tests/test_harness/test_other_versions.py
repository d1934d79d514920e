"""`make test TERRAFORM=... PROVIDER=... PROVIDER_VERSION=...`: what is given is what runs."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.paths import EXAMPLES, PROJECT
from harness.terraform import binary, provider_binary
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.runner import Terraform

EXAMPLE = EXAMPLES / "documents-only"
ADDRESSES = {"registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"}


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that calls itself OpenTofu and writes down its arguments; returns the file that it writes."""
    log, program = tmp_path / "log", tmp_path / "tofu"
    real = shlex.quote(str(binary.locate()))
    program.write_text(
        f'#!/bin/sh\necho "$1" >> {shlex.quote(str(log))}\n[ "$1" = version ] && echo OpenTofu v1.7.10 && exit\n'
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("TERRAFORM", str(program))
    return log


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The provider elsewhere, by another name, among others."""
    here = provider_binary.locate()
    folder = tmp_path / "else where"
    folder.mkdir()
    (folder / "terraform-provider-aws_v4.67.0_x5").write_text("")
    elsewhere = folder / "terraform-provider-aws"
    elsewhere.symlink_to(here.file)
    monkeypatch.setenv("PROVIDER", str(elsewhere))
    monkeypatch.setenv("PROVIDER_VERSION", here.version)
    return elsewhere


def test_a_customers_run_takes_both(given: Path, provider: Path) -> None:
    with Terraform(EXAMPLE, {}, relay=None) as terraform:
        terraform.init()
        (installed,) = terraform.folder.glob(".terraform/providers/*/hashicorp/aws/*/*/*")
    assert installed.name.startswith(f"terraform-provider-aws_v{provider_binary.locate().version}")
    assert "init" in given.read_text().split()


def test_a_run_with_the_relay_takes_both(given: Path, provider: Path) -> None:
    with Terraform(EXAMPLE, {}) as terraform:
        terraform.init()
        assert not list(terraform.folder.glob(".terraform/providers/*/hashicorp/aws/*/*/*"))
        terraform.validate()
    assert given.read_text().split()[-2:] == ["init", "validate"]


def test_the_relay_is_found_under_the_address_of_each_program(tmp_path: Path) -> None:
    relay = ProviderRelay(tmp_path / "unused", frozenset(), {}, tmp_path)
    try:
        assert json.loads(relay.environment()["TF_REATTACH_PROVIDERS"]).keys() == ADDRESSES
    finally:
        relay.stop()


@pytest.mark.parametrize("variable", ["TERRAFORM", "PROVIDER"])
@pytest.mark.parametrize("path", ["/no/$(file)/here", "no `file` here", 'no/"file"/$HOME'])
def test_make_hands_a_path_on_as_it_is(variable: str, path: str) -> None:
    answer = subprocess.run(
        [shutil.which("make") or "make", "--no-print-directory", "tools", f"{variable}={path}", "-o", "environment"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert answer.stderr.splitlines()[0] == (
        f"{variable}={path} is not a file: give {variable} the path of the program, or unset it."
    )
