"""Finding and fetching Terraform: what a person reads when it is missing, old, or not what was published."""

from __future__ import annotations

import hashlib
import io
import platform
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.terraform import binary as terraform_binary

VERSION = terraform_binary.FETCHED_VERSION
BINARY = b'#!/bin/sh\necho \'{"terraform_version": "1.11.4"}\'\n'


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


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('echo \'{"terraform_version": "1.5.7"}\'', r"is Terraform 1\.5\.7, but 1\.6 or newer is needed: update it"),
        ("exit 3", r"does not answer 'version -json'.*: install Terraform anew"),
        ("echo '{\"terraform_version\": null}'", r"does not answer 'version -json'.*: install Terraform anew"),
        ("echo '{\"terraform_version\": 1.11}'", r"does not answer 'version -json'.*: install Terraform anew"),
        ("echo '[]'", r"does not answer 'version -json'.*: install Terraform anew"),
        ('echo \'{"terraform_version": "dev"}\'', r"with no version, but 'dev': install Terraform anew"),
        ("printf '\\377'", r"does not answer 'version -json'.*: install Terraform anew"),
        ("echo nonsense", r"does not answer 'version -json'.*: install Terraform anew"),
    ],
)
def test_an_unfit_terraform_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, message: str
) -> None:
    binary = tmp_path / "terraform"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(HarnessError, match=message):
        terraform_binary.locate()
