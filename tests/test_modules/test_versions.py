"""The HCL asks for no more than the Terraform that it says it works with, and every folder says the same."""

from __future__ import annotations

import re
import tomllib

import pytest

from harness.paths import PROJECT
from harness.terraform import provider_binary
from harness.terraform.binary import MINIMUM
from harness.terraform.hcl import blocks, read_folder
from harness.tools.docs import example_folders, module_folders

TERRAFORM = f">= {'.'.join(map(str, MINIMUM))}"
PROVIDER = ">= 5.31, < 7.0"

# An example that needs a newer provider than the modules, and why.
NEWER_PROVIDERS = {"examples/organization": ">= 5.60, < 7.0"}  # accounts in deployment_targets

# What Terraform's own changelog says came after 1.6.
NEWER_BLOCKS = {"removed": "1.7", "ephemeral": "1.10"}
NEWER_EXPRESSIONS = {
    r"\bprovider::": "1.8",
    r"\bissensitive\(": "1.8",
    r"\btemplatestring\(": "1.9",
    r"\bephemeral\s*=": "1.10",
    r"\bephemeralasnull\(": "1.10",
    r"\w_wo\s*=": "1.11",
}

FOLDERS = {str(folder.relative_to(PROJECT)): folder for folder in (*example_folders(), *module_folders())}


def test_the_version_stands_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", (PROJECT / "VERSION").read_text(encoding="utf-8"))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"file": "VERSION"}


def test_the_changelog_has_a_section_for_the_version() -> None:
    version = (PROJECT / "VERSION").read_text(encoding="utf-8").strip()
    sections = re.findall(r"^## \[(.*)\]", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections[:2] == ["Unreleased", version]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_stated_versions_are_the_same_everywhere(name: str) -> None:
    requirements = dict(read_folder(FOLDERS[name]).requirements)
    assert requirements.pop("terraform") == TERRAFORM
    # A module without resources may leave the provider out.
    expected = [NEWER_PROVIDERS[name]] if name in NEWER_PROVIDERS else [PROVIDER]
    assert list(requirements.values()) in ([], expected)


@pytest.mark.parametrize("name", FOLDERS)
def test_nothing_in_the_language_is_newer_than_stated(name: str) -> None:
    newer = []
    for heading, text in blocks(FOLDERS[name]):
        kind = heading[0]
        if kind in NEWER_BLOCKS:
            newer.append(f"a block '{kind}' needs Terraform {NEWER_BLOCKS[kind]}")
        if kind == "import" and re.search(r"\bfor_each\s*=", text):
            newer.append("an import block with for_each needs Terraform 1.7")
        if kind == "variable" and set(re.findall(r"\bvar\.(\w+)", text)) - {heading[1]}:
            newer.append(f"the validation of '{heading[1]}' names another variable and needs Terraform 1.9")
        newer += [
            f"{found.group()!r} in {' '.join(heading)} needs Terraform {version}"
            for expression, version in NEWER_EXPRESSIONS.items()
            for found in re.finditer(expression, text)
        ]
    assert newer == []


def test_the_tests_run_with_a_provider_that_every_folder_accepts() -> None:
    assert {*NEWER_PROVIDERS.values()} == {provider_binary.VERSIONS}


def test_the_readme_states_these_versions() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert f"| Terraform | {TERRAFORM.removeprefix('>= ')} and newer |" in text
    assert "| AWS provider | 5.31 and newer, below 7.0 |" in text
