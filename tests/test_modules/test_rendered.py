"""The policies next to the example documents-only: they are what it renders, and it renders them without an account."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.runner import Terraform
from harness.tools import rendered
from harness.tools.rendered import EXAMPLE, FOLDER
from plerion_kms.guide import cross_account_additions, mode_statement, same_account_additions

pytestmark = pytest.mark.xdist_group("documents")

COMMITTED = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
GUIDES = {
    "ALL_KEYS.json": {"Version": "2012-10-17", "Statement": [mode_statement("ALL_KEYS")]},
    "SELECTED_KEYS.json": {"Version": "2012-10-17", "Statement": [mode_statement("SELECTED_KEYS")]},
    "same-account-statements.json": same_account_additions(),
    "cross-account-statements.json": cross_account_additions("111122223333"),
}
NOWHERE = "http://127.0.0.1:9"
"""A proxy that does not answer, so that no request leaves the machine."""


@pytest.fixture(scope="module")
def documents(provider: ProviderRelay) -> dict[str, str]:
    """What the example renders now, by file name."""
    return rendered.documents(relay=provider)


@pytest.mark.parametrize("name", sorted(COMMITTED))
def test_the_file_is_what_the_example_renders(documents: dict[str, str], name: str) -> None:
    assert documents.get(name) == COMMITTED[name], f"{FOLDER.name}/{name} is out of date: run 'make docs'."


def test_no_rendered_document_lacks_its_file(documents: dict[str, str]) -> None:
    assert documents.keys() - COMMITTED.keys() == set(), "Run 'make docs'."


@pytest.mark.parametrize("name", GUIDES)
def test_without_options_the_file_is_the_guides(name: str) -> None:
    assert json.loads(COMMITTED[name]) == GUIDES[name]


def test_the_readme_says_what_each_file_is() -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\(rendered/(.+?)\)", readme)) == sorted(COMMITTED)


def test_a_document_that_differs_under_one_file_name_is_reported() -> None:
    outputs: dict[str, Any] = dict.fromkeys(rendered.OUTPUTS, "[]")
    found: dict[str, str] = {}
    rendered.add(found, outputs, mode="ALL_KEYS", hardened="")
    rendered.add(found, {**outputs, "cmk_access_policy_json": "{}"}, mode="SELECTED_KEYS", hardened="")
    with pytest.raises(HarnessError, match=r"^metadata_policy_json differs .* file access-role\.json: add "):
        rendered.add(found, {**outputs, "metadata_policy_json": "{}"}, mode="ALL_KEYS", hardened="")


def test_the_command_writes_what_changed_and_removes_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def given() -> dict[str, Any]:
        return {"current.json": "1\n", "changed.json": "2\n", "new.json": "3\n"}

    monkeypatch.setattr(rendered, "documents", given)
    monkeypatch.setattr(rendered, "PROJECT", tmp_path)
    monkeypatch.setattr(rendered, "FOLDER", tmp_path / "rendered")
    (tmp_path / "rendered").mkdir()
    for name, text in (("current", "1\n"), ("changed", "1\n"), ("superfluous", "1\n")):
        (tmp_path / "rendered" / f"{name}.json").write_text(text)
    assert rendered.main() == 0
    assert {path.name: path.read_text() for path in (tmp_path / "rendered").iterdir()} == given()
    assert capsys.readouterr().out.splitlines() == [
        "Removed rendered/superfluous.json",
        "Wrote rendered/changed.json",
        "Wrote rendered/new.json",
    ]


@pytest.mark.ci
def test_the_example_plans_without_credentials_configuration_and_network(tmp_path: Path) -> None:
    environment = {
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ""),
    }
    with Terraform.of_example(EXAMPLE, environment, relay=None) as terraform:
        terraform.init()
        assert terraform.plan() == []
