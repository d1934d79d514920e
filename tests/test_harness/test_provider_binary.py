"""Finding, checking and installing the AWS provider: as it is asked for, once, with nothing half done."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform import binary as terraform_binary
from harness.terraform import provider_binary
from harness.terraform.install import ensure_provider
from harness.terraform.provider_binary import Provider, locate

INSTALL = """#!/bin/sh
[ "$1" = version ] && echo "Terraform v1.11.4" && exit
echo init >> "{log}"
folder=.terraform/providers/registry.terraform.io/hashicorp/aws/6.0.0/linux_amd64
mkdir -p $folder
echo > $folder/terraform-provider-aws_v6.0.0_x5
"""
STATES = "echo 'Starting github.com/hashicorp/terraform-provider-{name}@{version} (go1.23.10)...'"
IS_A_PLUGIN = "echo 'This binary is a plugin. These are not meant to be executed directly.' >&2; exit 1"
THIS = terraform_binary.this_target()


@pytest.fixture(autouse=True)
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tool folder of its own, and none of the variables."""
    for variable in ("TERRAFORM", "PROVIDER", "PROVIDER_VERSION"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(provider_binary, "TOOLS", tmp_path / "tools")
    return tmp_path / "tools"


@pytest.fixture
def terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in Terraform's place, which installs a file that has the provider's name."""
    program = executable(tmp_path / "terraform", INSTALL.format(log=tmp_path / "log"))
    monkeypatch.setenv("TERRAFORM", str(program))
    return program


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def a_provider(path: Path, *, version: str = "", name: str = "aws") -> Path:
    """A program that says what the AWS provider says by hand; older ones do not state their version."""
    says = [STATES.format(name=name, version=version)] if version else []
    return executable(path, "\n".join(["#!/bin/sh", *says, IS_A_PLUGIN, ""]))


def test_without_the_provider_make_setup_is_named() -> None:
    with pytest.raises(HarnessError, match=r"^The AWS provider \(>= .*\) is not in .*/tools/.*: run 'make setup'\.$"):
        locate()


def test_it_is_installed_once(tmp_path: Path, tools: Path, terraform: Path) -> None:
    assert ensure_provider() == ensure_provider() == locate()
    assert locate().file.name == "terraform-provider-aws_v6.0.0_x5"
    assert (locate().version, locate().numbers, locate().target) == ("6.0.0", (6, 0, 0), "linux_amd64")
    assert (tmp_path / "log").read_text() == "init\n"


def test_it_is_installed_anew_for_other_versions_and_when_it_is_gone(
    tmp_path: Path, terraform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_provider().file.unlink()
    ensure_provider()
    monkeypatch.setattr(provider_binary, "VERSIONS", ">= 6.0, < 7.0")
    ensure_provider()
    assert (tmp_path / "log").read_text() == "init\n" * 3


def test_a_version_that_is_asked_for_has_a_folder_of_its_own(
    tools: Path, terraform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_provider()
    monkeypatch.setenv("PROVIDER_VERSION", "6.0.0")
    assert ensure_provider().file.is_relative_to(tools / "aws-provider-6.0.0")
    assert 'version = "= 6.0.0"' in (tools / "aws-provider-6.0.0" / "main.tf").read_text()
    monkeypatch.delenv("PROVIDER_VERSION")
    assert locate().file.is_relative_to(tools / "aws-provider")


def test_a_package_of_a_mirror_outlives_the_links_to_it(
    tmp_path: Path, terraform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    a_provider(package / "terraform-provider-aws_v6.0.0_x5")
    place = ".terraform/providers/registry.opentofu.org/hashicorp/aws/6.0.0"
    # Init links what the mirror has, which here is a link in a folder that is gone afterwards.
    link = f"ln -s {shlex.quote(str(package))} ../link\nmkdir -p {place}\nln -s $(pwd)/../link {place}/linux_amd64\n"
    executable(terraform, f"#!/bin/sh\n[ $1 = version ] && echo OpenTofu v1.6.3 && exit\n{link}")
    assert ensure_provider().file.is_file()


def test_an_init_that_fails_is_told_and_leaves_nothing(tools: Path, terraform: Path) -> None:
    executable(terraform, "#!/bin/sh\n[ $1 = version ] && echo Terraform v1.6.0 && exit\necho Error: no >&2\nexit 1\n")
    with pytest.raises(HarnessError, match=r"init cannot install the AWS provider \(.*\): Error: no Make it available"):
        ensure_provider()
    assert list(tools.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "stated", "asked_for"),
    [
        ("terraform-provider-aws_v5.31.0_x5", "", ""),
        ("terraform-provider-aws_v5.31.0", "5.31.0", "5.31.0"),
        ("terraform-provider-aws", "5.31.0", ""),
        ("terraform-provider-aws", "", "5.31.0"),
        ("renamed", "5.31.0", ""),
    ],
)
def test_a_given_file_is_taken_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stated: str, asked_for: str
) -> None:
    file = a_provider(tmp_path / "else where" / name, version=stated)
    monkeypatch.setenv("PROVIDER", str(file))
    monkeypatch.setenv("PROVIDER_VERSION", asked_for)
    assert locate() == ensure_provider() == Provider(file, "5.31.0", THIS)


def test_a_relative_path_starts_at_the_projects_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = a_provider(tmp_path / "terraform-provider-aws_v6.1.0_x5")
    monkeypatch.setenv("PROVIDER", os.path.relpath(file, PROJECT))
    monkeypatch.chdir(tmp_path)
    assert locate().file.is_absolute()
    assert locate().file.samefile(file)


@pytest.mark.parametrize(
    ("name", "stated", "asked_for", "message"),
    [
        ("terraform-provider-aws_v5.31.0_x5", "5.60.0", "", r"another by its name .*\(5\.31\.0 and 5\.60\.0\): give"),
        ("terraform-provider-aws_v5.31.0_x5", "", "5.60.0", r"another by its name .*\(5\.31\.0 and 5\.60\.0\): give"),
        ("terraform-provider-aws", "5.60.0", "6.0.0", r"another by its name .*\(5\.60\.0 and 6\.0\.0\): give the file"),
        ("terraform-provider-aws", "", "", r"does not tell its version: add PROVIDER_VERSION, as 5\.100\.0\.$"),
        (
            "terraform-provider-aws_v5.30.0_x5",
            "",
            "",
            r"is version 5\.30\.0, but the modules need 5\.31 or newer, below",
        ),
        ("terraform-provider-aws", "7.0.0", "", r"is version 7\.0\.0, but the modules need 5\.31 or newer, below 7\.0"),
    ],
)
def test_a_given_file_of_an_unfit_version_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stated: str, asked_for: str, message: str
) -> None:
    monkeypatch.setenv("PROVIDER", str(a_provider(tmp_path / name, version=stated)))
    monkeypatch.setenv("PROVIDER_VERSION", asked_for)
    with pytest.raises(HarnessError, match=rf"^PROVIDER=.*{message}"):
        locate()


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (None, 0, r"is not a file: give PROVIDER the path of the program, or unset it\.$"),
        ("#!/bin/sh\n", 0o644, r"is not executable: run 'chmod \+x' on it, or unset PROVIDER\.$"),
        ("\x7fELF", 0o755, rf"does not start on this machine \(Exec format error\): give the provider for {THIS}\.$"),
        ("#!/bin/sh\necho Hello\n", 0o755, r"is not Terraform's AWS provider: give the path of one, or unset it\.$"),
        (
            f"#!/bin/sh\n{STATES.format(name='google', version='6.0.0')}\n{IS_A_PLUGIN}\n",
            0o755,
            r"is not Terraform's AWS provider: give the path of one, or unset it\.$",
        ),
    ],
)
def test_a_given_file_that_is_no_provider_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, mode: int, message: str
) -> None:
    file = tmp_path / "terraform-provider-aws_v6.0.0_x5"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    monkeypatch.setenv("PROVIDER", str(file))
    with pytest.raises(HarnessError, match=rf"^PROVIDER={file} {message}"):
        locate()


@pytest.mark.parametrize(
    "value", ["5.31", "v5.31.0", "5.31.0-beta1", ">= 5.31.0", "latest", "\N{ARABIC-INDIC DIGIT FIVE}.31.0"]
)
def test_what_is_no_version_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROVIDER_VERSION", value)
    with pytest.raises(HarnessError, match=r"is not a version: give one in the form 5\.100\.0\.$"):
        locate()


@pytest.mark.parametrize("value", ["4.67.0", "5.30.9", "7.0.0"])
def test_a_version_that_the_modules_do_not_accept_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROVIDER_VERSION", value)
    with pytest.raises(
        HarnessError, match=rf"^PROVIDER_VERSION is version {value}, but the modules need 5\.31 or newer"
    ):
        locate()
