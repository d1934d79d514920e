"""Many root modules planned as one: a root that calls them all, so that Terraform and the provider start once.

Each provider configuration needs a process of the provider: so the roots' own configurations of the AWS provider are
left out, and the combined root's stand for them, one for each Region. Roles that they assume are left out too: all
roots are planned as one account. The combined plan is split again into one plan document for each folder, as
`terraform show -json` would print it there.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.terraform.runner import NOT_COPIED, Terraform

VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
DEFAULT = re.compile(r"^  default\s*=\s*(\S+)", re.MULTILINE)
PROVIDER = re.compile(r'^provider "aws" \{\n.*?^\}\n', re.MULTILINE | re.DOTALL)
ALIAS = re.compile(r'^  alias\s+= "(\w+)"', re.MULTILINE)
REGION = re.compile(r'^  region\s+= "([\w-]+)"', re.MULTILINE)
REQUIRED_PROVIDER = re.compile(r"^    aws = \{\n", re.MULTILINE)

DEFAULT_REGION = "us-east-1"
ROOT_PROVIDER = """
provider "aws" {{
  alias                       = "{alias}"
  region                      = "{region}"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}}
"""


@dataclass(frozen=True)
class Tree:
    """Root modules below one folder, with all that they refer to by relative path.

    folder: where `roots` and `copied` lie. roots: the root modules, as relative paths. copied: the folders to copy.
    values: values for required variables, by the variable's name.
    """

    folder: Path
    roots: tuple[str, ...]
    copied: tuple[str, ...]
    values: Mapping[str, Any]

    def call(self, root: str) -> str:
        """The name of the module call that stands for a root module."""
        return re.sub(r"\W", "_", root)


@contextmanager
def combined(tree: Tree, environment: Mapping[str, str], *, kept_provider: bool = True) -> Iterator[Terraform]:
    """Terraform over all roots of the tree, initialised. kept_provider: as for Terraform. Raises HarnessError."""
    with tempfile.TemporaryDirectory(prefix="plerion-kms-combined-") as temporary:
        folder = Path(temporary) / "combined"
        _write(tree, folder)
        with Terraform(folder, environment, kept_provider=kept_provider) as terraform:
            terraform.init()
            yield terraform


def plan_documents(tree: Tree, terraform: Terraform) -> dict[str, dict[str, Any]]:
    """The plan document of each root module. Raises HarnessError."""
    document = terraform.plan_document()
    return {root: split(document, tree.call(root)) for root in tree.roots}


def split(document: Mapping[str, Any], call: str) -> dict[str, Any]:
    """The part of a plan document that belongs to one module call, as if the module were the root."""
    prefix = f"module.{call}"
    children = document["planned_values"]["root_module"].get("child_modules", [])
    planned: Any = next((child for child in children if child["address"] == prefix), {"resources": []})
    part = {
        "format_version": document["format_version"],
        "terraform_version": document["terraform_version"],
        "planned_values": {"root_module": planned},
        "resource_changes": [
            change for change in document.get("resource_changes", []) if change["address"].startswith(f"{prefix}.")
        ],
        "configuration": {"root_module": document["configuration"]["root_module"]["module_calls"][call]["module"]},
    }
    result: dict[str, Any] = json.loads(json.dumps(part).replace(f"{prefix}.", ""))
    return result


def _write(tree: Tree, folder: Path) -> None:
    for name in tree.copied:
        shutil.copytree(tree.folder / name, folder / name, ignore=NOT_COPIED)
    calls, regions = [], {DEFAULT_REGION}
    for root in tree.roots:
        files = sorted((folder / root).glob("*.tf"))
        arguments = "".join(f"  {name} = {json.dumps(value)}\n" for name, value in _values(tree, root, files))
        providers = {"aws": DEFAULT_REGION, **_without_providers(files)}
        regions |= set(providers.values())
        passed = ", ".join(f"{name} = aws.{region}" for name, region in providers.items())
        arguments += f"  providers = {{ {passed} }}\n"
        calls.append(f'module "{tree.call(root)}" {{\n  source = "./{root}"\n{arguments}}}\n')
    configured = [ROOT_PROVIDER.format(alias=region, region=region) for region in sorted(regions)]
    (folder / "main.tf").write_text("\n".join([*configured, *calls]), encoding="utf-8")


def _without_providers(files: Sequence[Path]) -> dict[str, str]:
    """Take the configurations of the AWS provider out of a root module; returns its aliases and their Regions.

    A Region that is not written out counts as the default.
    """
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    blocks = [block for text in texts.values() for block in PROVIDER.findall(text)]
    aliases = {
        f"aws.{alias}": (REGION.findall(block) or [DEFAULT_REGION])[0]
        for block in blocks
        for alias in ALIAS.findall(block)
    }
    declared = f"    aws = {{\n      configuration_aliases = [{', '.join(aliases)}]\n"
    for file, text in texts.items():
        text = PROVIDER.sub("", text)
        file.write_text(REQUIRED_PROVIDER.sub(declared, text) if aliases else text, encoding="utf-8")
    return aliases


def _values(tree: Tree, root: str, files: Sequence[Path]) -> Iterator[tuple[str, Any]]:
    for file in files:
        for name, body in VARIABLE.findall(file.read_text(encoding="utf-8")):
            default = DEFAULT.search(body)
            # Where null is the default, the example may need a value all the same, unless options say otherwise.
            if default and (default.group(1) != "null" or name not in tree.values):
                continue
            if name not in tree.values:
                raise HarnessError(
                    f"{root} requires the variable '{name}' and nothing says what to plan it with: add a value to "
                    "VALUES in tests/harness/tools/scan.py, or give the variable a default."
                )
            yield name, tree.values[name]
