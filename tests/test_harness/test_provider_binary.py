"""Finding and installing the AWS provider: once, for the versions that are asked for, with nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.terraform import binary as terraform_binary
from harness.terraform import provider_binary
from harness.terraform.provider_binary import ensure, locate

INSTALL = """#!/bin/sh
echo init >> "{log}"
folder=.terraform/providers/registry.terraform.io/hashicorp/aws/6.0.0/linux_amd64
mkdir -p $folder
echo > $folder/terraform-provider-aws_v6.0.0_x5
"""


@pytest.fixture
def terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in Terraform's place, which installs a file that has the provider's name."""
    program = tmp_path / "terraform"
    program.write_text(INSTALL.format(log=tmp_path / "log"))
    program.chmod(0o755)
    monkeypatch.setattr(terraform_binary, "locate", lambda: program)
    return program


def test_without_the_provider_make_setup_is_named(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"^The AWS provider \(>= .*\) is not in .*/tools: run 'make setup'\.$"):
        locate(tmp_path / "tools")


def test_it_is_installed_once(tmp_path: Path, terraform: Path) -> None:
    folder = tmp_path / "tools" / "provider"
    assert ensure(folder) == ensure(folder) == locate(folder)
    assert locate(folder).name == "terraform-provider-aws_v6.0.0_x5"
    assert (tmp_path / "log").read_text() == "init\n"


def test_it_is_installed_anew_for_other_versions_and_when_it_is_gone(
    tmp_path: Path, terraform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "provider"
    ensure(folder).unlink()
    ensure(folder)
    monkeypatch.setattr(provider_binary, "CONFIGURATION", "# other versions\n")
    ensure(folder)
    assert (tmp_path / "log").read_text() == "init\n" * 3


def test_an_init_that_fails_is_told_and_leaves_nothing(tmp_path: Path, terraform: Path) -> None:
    terraform.write_text("#!/bin/sh\necho no registry >&2\nexit 1\n")
    with pytest.raises(HarnessError, match=r"terraform init cannot install the AWS provider \(.*\): no registry$"):
        ensure(tmp_path / "tools" / "provider")
    assert list((tmp_path / "tools").iterdir()) == []
