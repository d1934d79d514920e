"""Which CLI configuration Terraform gets, on machines with and without a mirror."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.terraform.cli_config import environment_for_init

KEPT = "provider_installation {\n  direct {}\n}\n"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "opt" / "plugins"
    (folder / "registry.terraform.io" / "hashicorp").mkdir(parents=True)
    return folder


def test_without_mirror_and_configuration_nothing_is_set(tmp_path: Path) -> None:
    assert environment_for_init(tmp_path, {"A": "b"}, tmp_path, [str(tmp_path)]) == {"A": "b"}


def test_a_configuration_that_is_named_but_missing_is_dropped(tmp_path: Path) -> None:
    environment = {"TF_CLI_CONFIG_FILE": str(tmp_path / "missing")}
    assert environment_for_init(tmp_path, environment, tmp_path, []) == {}


def test_a_mirror_on_the_machine_is_used(tmp_path: Path, mirror: Path) -> None:
    environment = environment_for_init(tmp_path, {}, tmp_path, [str(mirror.parent)])
    text = Path(environment["TF_CLI_CONFIG_FILE"]).read_text()
    assert f'path    = "{mirror}"' in text


def test_a_configuration_that_says_where_providers_come_from_is_kept(tmp_path: Path, mirror: Path) -> None:
    (tmp_path / ".terraformrc").write_text(KEPT)
    environment = environment_for_init(tmp_path, {}, tmp_path, [str(mirror.parent)])
    assert environment == {"TF_CLI_CONFIG_FILE": str(tmp_path / ".terraformrc")}


def test_a_configuration_without_providers_is_carried_over(tmp_path: Path, mirror: Path) -> None:
    named = tmp_path / "named.tfrc"
    named.write_text("disable_checkpoint = true\n")
    environment = environment_for_init(tmp_path, {"TF_CLI_CONFIG_FILE": str(named)}, tmp_path, [str(mirror.parent)])
    text = Path(environment["TF_CLI_CONFIG_FILE"]).read_text()
    assert text.startswith("disable_checkpoint = true\n")
    assert f'path    = "{mirror}"' in text
    assert named.read_text() == "disable_checkpoint = true\n"


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "named.tfrc"
    named.write_bytes(b"\xff")
    with pytest.raises(
        HarnessError, match=rf"{named} cannot be read \(it is not UTF-8\): make it readable, or set TF_"
    ):
        environment_for_init(tmp_path, {"TF_CLI_CONFIG_FILE": str(named)}, tmp_path, [])

    # root may read every file, so that the mode bits would not do.
    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(named))

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(HarnessError, match=r"cannot be read \(Permission denied\): make it readable, or set TF_CLI"):
        environment_for_init(tmp_path, {"TF_CLI_CONFIG_FILE": str(named)}, tmp_path, [])


def test_a_folder_in_the_configurations_place_is_dropped(tmp_path: Path) -> None:
    assert environment_for_init(tmp_path, {"TF_CLI_CONFIG_FILE": str(tmp_path)}, tmp_path, [str(tmp_path / "no")]) == {}
