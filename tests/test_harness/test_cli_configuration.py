"""Which CLI configuration Terraform gets: on machines with and without a mirror, and once a provider was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.terraform import provider_binary
from harness.terraform.cli_config import environment_for_install, terraform_environment

KEPT = "provider_installation {\n  direct {}\n}\n"


REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
UNPACKED = "5.100.0/linux_amd64"
PACKED = "terraform-provider-aws_6.0.0_linux_amd64.zip"


@pytest.fixture(params=REGISTRIES)
def mirror(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A mirror of one of the registries, one level below a folder that is looked into."""
    folder = tmp_path / "opt" / "plugins"
    provider = folder / request.param / "hashicorp" / "aws"
    (provider / UNPACKED).mkdir(parents=True)
    (provider / PACKED).write_text("")
    return folder


def mirrored(environment: Mapping[str, str]) -> dict[str, Path]:
    """Where the links of the mirror lead that a configuration names; no other place may be asked for the provider."""
    text = Path(environment["TF_CLI_CONFIG_FILE"]).read_text()
    (named,) = re.findall(r'^    path    = "(.*)"$', text, re.MULTILINE)
    wanted = '["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"]'
    assert f"    include = {wanted}\n" in text
    assert f"  direct {{\n    exclude = {wanted}\n  }}\n" in text
    links = {path: path.readlink() for path in Path(named).rglob("*") if path.is_symlink()}
    return {str(path.relative_to(named)): target for path, target in links.items()}


def test_without_mirror_and_configuration_nothing_is_set(tmp_path: Path) -> None:
    assert environment_for_install(tmp_path, {"A": "b"}, tmp_path, [str(tmp_path)]) == {"A": "b"}


def test_a_configuration_that_is_named_but_missing_is_dropped(tmp_path: Path) -> None:
    environment = {"TF_CLI_CONFIG_FILE": str(tmp_path / "missing")}
    assert environment_for_install(tmp_path, environment, tmp_path, []) == {}


def test_a_mirror_on_the_machine_is_used_for_both_programs(tmp_path: Path, mirror: Path) -> None:
    environment = environment_for_install(tmp_path, {}, tmp_path, [str(mirror.parent)])
    (registry,) = mirror.iterdir()
    assert mirrored(environment) == {
        f"{host}/hashicorp/aws/{package}": registry / "hashicorp" / "aws" / package
        for host in REGISTRIES
        for package in (UNPACKED, PACKED)
    }


def test_a_configuration_that_says_where_providers_come_from_is_kept(tmp_path: Path, mirror: Path) -> None:
    (tmp_path / ".terraformrc").write_text(KEPT)
    environment = environment_for_install(tmp_path, {}, tmp_path, [str(mirror.parent)])
    assert environment == {"TF_CLI_CONFIG_FILE": str(tmp_path / ".terraformrc")}


def test_a_configuration_without_providers_is_carried_over(tmp_path: Path, mirror: Path) -> None:
    named = tmp_path / "named.tfrc"
    named.write_text("disable_checkpoint = true\n")
    environment = environment_for_install(tmp_path, {"TF_CLI_CONFIG_FILE": str(named)}, tmp_path, [str(mirror.parent)])
    assert Path(environment["TF_CLI_CONFIG_FILE"]).read_text().startswith("disable_checkpoint = true\n")
    assert len(mirrored(environment)) == 4
    assert named.read_text() == "disable_checkpoint = true\n"


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "named.tfrc"
    named.write_bytes(b"\xff")
    with pytest.raises(
        HarnessError, match=rf"{named} cannot be read \(it is not UTF-8\): make it readable, or set TF_"
    ):
        environment_for_install(tmp_path, {"TF_CLI_CONFIG_FILE": str(named)}, tmp_path, [])

    # root may read every file, so that the mode bits would not do.
    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(named))

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(HarnessError, match=r"cannot be read \(Permission denied\): make it readable, or set TF_CLI"):
        environment_for_install(tmp_path, {"TF_CLI_CONFIG_FILE": str(named)}, tmp_path, [])


def test_a_folder_in_the_configurations_place_is_dropped(tmp_path: Path) -> None:
    assert (
        environment_for_install(tmp_path, {"TF_CLI_CONFIG_FILE": str(tmp_path)}, tmp_path, [str(tmp_path / "no")]) == {}
    )


def test_init_takes_the_provider_that_was_found_under_both_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = provider_binary.Provider(tmp_path / "else where" / "renamed", "5.31.0", "linux_arm64")
    monkeypatch.setattr(provider_binary, "locate", lambda: provider)
    # A configuration in force has had its say when the provider was installed.
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "in-force.tfrc"))
    for _ in range(2):  # a folder may be used twice
        environment = terraform_environment(tmp_path)
    assert mirrored(environment) == {
        f"{host}/hashicorp/aws/5.31.0/linux_arm64/terraform-provider-aws_v5.31.0_x5": provider.file
        for host in REGISTRIES
    }


def test_variables_that_would_change_what_terraform_does_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_binary, "locate", lambda: provider_binary.Provider(tmp_path / "p", "6.0.0", "a_b"))
    for name in ("AWS_PROFILE", "TF_VAR_x", "OTHER"):
        monkeypatch.setenv(name, "value")
    environment = terraform_environment(tmp_path)
    assert {name for name in ("AWS_PROFILE", "TF_VAR_x", "OTHER") if name in environment} == {"OTHER"}
