"""Finding and fetching Terraform: what a person reads when it is missing, old, or not what was published."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform import binary as terraform_binary

VERSION = terraform_binary.FETCHED_VERSION
BINARY = b"#!/bin/sh\necho Terraform v1.11.4\n"


@pytest.fixture(autouse=True)
def without_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own Terraform is in question, whatever these tests run with."""
    monkeypatch.delenv("TERRAFORM", raising=False)


@pytest.fixture
def without_terraform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without Terraform; returns where a fetched one would go."""
    target = tmp_path / "tools" / "terraform"
    monkeypatch.setenv("PATH", "/usr/bin-without-terraform:/bin")
    monkeypatch.setattr(terraform_binary, "FETCHED", target)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    return target


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server of releases on this machine; returns the folder of the version that is fetched."""
    folder = tmp_path / "releases" / VERSION
    folder.mkdir(parents=True)
    handler = partial(Quiet, directory=str(tmp_path / "releases"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("TERRAFORM_RELEASES_URL", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield folder
        server.shutdown()
        thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


def publish(folder: Path, published_sum: str | None = None) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("terraform", BINARY)
    name = f"terraform_{VERSION}_linux_amd64.zip"
    (folder / name).write_bytes(packed.getvalue())
    actual = hashlib.sha256(packed.getvalue()).hexdigest()
    (folder / f"terraform_{VERSION}_SHA256SUMS").write_text(f"{published_sum or actual}  {name}\n")


def test_a_release_is_fetched_when_its_checksum_is_the_published_one(without_terraform: Path, releases: Path) -> None:
    publish(releases)
    assert terraform_binary.ensure() == without_terraform
    assert without_terraform.read_bytes() == BINARY


def test_a_release_with_another_checksum_is_not_installed(without_terraform: Path, releases: Path) -> None:
    publish(releases, published_sum="0" * 64)
    with pytest.raises(
        HarnessError, match=r"checksum of .* is not the published one: nothing was installed; try again"
    ):
        terraform_binary.ensure()
    assert not without_terraform.parent.exists()


def test_without_a_release_to_be_had_the_message_says_how_to_get_one(without_terraform: Path, releases: Path) -> None:
    with pytest.raises(
        HarnessError, match=r"could not be fetched from http://127.* \(HTTPError\): install Terraform 1\.6 or newer"
    ):
        terraform_binary.ensure()
    assert not without_terraform.parent.exists()


@pytest.mark.usefixtures("without_terraform")
def test_a_missing_terraform_is_named(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"not on PATH and not in .*: install Terraform 1\.6 or newer, or run 'make"):
        terraform_binary.locate()


UNFIT = "is neither Terraform nor OpenTofu, or does not run here"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("#!/bin/sh\necho Terraform v1.5.7", r"is Terraform 1\.5\.7, but 1\.6 or newer is needed: {old}"),
        ("#!/bin/sh\necho OpenTofu v0.9.0", r"is OpenTofu 0\.9\.0, but 1\.6 or newer is needed: {old}"),
        ("#!/bin/sh\necho broken >&2\nexit 3", rf"{UNFIT} \('version' says: broken\): {{other}}"),
        ("#!/bin/sh\necho Terraform vdev", rf"{UNFIT} \('version' says: Terraform vdev\): {{other}}"),
        ("#!/bin/sh\necho Packer v1.11.2", rf"{UNFIT} \('version' says: Packer v1\.11\.2\): {{other}}"),
        ("#!/bin/sh\necho 1.11.4", rf"{UNFIT} \('version' says: 1\.11\.4\): {{other}}"),
        ("#!/bin/sh\nprintf '\\377'", rf"{UNFIT} \('version' says: .\): {{other}}"),
        ("#!/bin/sh", rf"{UNFIT} \('version' says: nothing\): {{other}}"),
        ("\x7fELF", rf"{UNFIT} \('version' says: Exec format error\): {{other}}"),
    ],
)
@pytest.mark.parametrize("given", [False, True])
def test_an_unfit_terraform_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, message: str, given: bool
) -> None:
    binary = executable(tmp_path / "terraform", f"{script}\n")
    if given:
        monkeypatch.setenv("TERRAFORM", str(binary))
        message = message.format(old="give TERRAFORM a newer one", other="give TERRAFORM another path")
    else:
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        message = message.format(old="update it, or take it off PATH and run", other="install Terraform again")
    with pytest.raises(HarnessError, match=rf"^{binary} {message}"):
        terraform_binary.locate()


@pytest.mark.parametrize(
    ("says", "name", "version", "has_mock_provider"),
    [
        ("Terraform v1.6.0", "Terraform", (1, 6, 0), False),
        ("Terraform v1.6.6\non linux_amd64", "Terraform", (1, 6, 6), False),
        ("Terraform v1.7.0", "Terraform", (1, 7, 0), True),
        ("Terraform v1.15.0-rc1", "Terraform", (1, 15, 0), True),
        ("Terraform v1.10.5\n\nYour version of Terraform is out of date!", "Terraform", (1, 10, 5), True),
        ("Warning: Unable to open CLI configuration file\n\nTerraform v2.0.0", "Terraform", (2, 0, 0), True),
        ("OpenTofu v1.6.3", "OpenTofu", (1, 6, 3), False),
        ("OpenTofu v1.7.10\non linux_amd64", "OpenTofu", (1, 7, 10), False),
        ("OpenTofu v1.8.0", "OpenTofu", (1, 8, 0), True),
        ("OpenTofu v1.12.6", "OpenTofu", (1, 12, 6), True),
    ],
)
def test_a_program_is_what_it_says_it_is(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    says: str,
    name: str,
    version: tuple[int, ...],
    has_mock_provider: bool,
) -> None:
    # Its name is nothing to go by: TERRAFORM wins over the terraform on PATH.
    given = executable(tmp_path / "given", f"#!/bin/sh\nprintf '{says}\n'\n")
    executable(tmp_path / "terraform", "#!/bin/sh\necho Terraform v1.11.4\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("TERRAFORM", str(given))
    found = terraform_binary.program()
    assert (found.path, found.name, found.version) == (given, name, version)
    assert found.has_mock_provider == has_mock_provider
    assert terraform_binary.locate() == terraform_binary.ensure() == given


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("tofu", r"is not a file: give TERRAFORM the path of the program, or unset it\.$"),
        ("~/tofu", r"is not a file: give TERRAFORM the path of the program, or unset it\.$"),
        ("{folder}", r"is not a file: give TERRAFORM the path of the program, or unset it\.$"),
        ("{folder}/plain", r"is not executable: run 'chmod \+x' on it, or unset TERRAFORM\.$"),
    ],
)
def test_what_is_no_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, message: str) -> None:
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    value = value.format(folder=tmp_path)
    monkeypatch.setenv("TERRAFORM", value)
    with pytest.raises(HarnessError, match=rf"^TERRAFORM={value} {message}"):
        terraform_binary.ensure()


def test_a_relative_path_starts_at_the_projects_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    binary = executable(tmp_path / "tofu", "#!/bin/sh\necho OpenTofu v1.6.3\n")
    monkeypatch.setenv("TERRAFORM", os.path.relpath(binary, PROJECT))
    monkeypatch.chdir(tmp_path)
    assert terraform_binary.locate().is_absolute()
    assert terraform_binary.locate().samefile(binary)


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path
