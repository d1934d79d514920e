"""Many root modules planned as one: a root that calls them all, so that Terraform and the provider start once.

Each provider configuration needs a process of the provider. So the combined root has one for each Region, and replaces
the roots' own. Roles that those assume are left out too: all roots are planned as one account. The combined plan is
split again into one plan document for each folder, as `terraform show -json` would print it there.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.terraform.hcl import Declarations, read_file, read_folder
from harness.terraform.runner import NOT_COPIED, Relay, Terraform

DEFAULT_REGION = "us-east-1"
LITERAL = re.compile(r'"([\w-]+)"')
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

    folder: the paths of `roots` and `copied` start here.
    roots: the root modules.
    copied: the folders to copy.
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
def combined(tree: Tree, environment: Mapping[str, str], *, relay: Relay = "own") -> Iterator[Terraform]:
    """Terraform over all roots of the tree, initialised. relay: as for Terraform. Raises HarnessError."""
    with tempfile.TemporaryDirectory(prefix="plerion-kms-combined-") as temporary:
        folder = Path(temporary) / "combined"
        _write(tree, folder)
        with Terraform(folder, environment, relay=relay) as terraform:
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
        declared = read_folder(folder / root)
        arguments = "".join(f"  {name} = {json.dumps(value)}\n" for name, value in _values(tree, root, declared))
        providers = {"aws": DEFAULT_REGION, **_without_providers(folder / root, declared)}
        regions |= set(providers.values())
        passed = ", ".join(f"{name} = aws.{region}" for name, region in providers.items())
        arguments += f"  providers = {{ {passed} }}\n"
        calls.append(f'module "{tree.call(root)}" {{\n  source = "./{root}"\n{arguments}}}\n')
    configured = [ROOT_PROVIDER.format(alias=region, region=region) for region in sorted(regions)]
    (folder / "main.tf").write_text("\n".join([*configured, *calls]), encoding="utf-8")


def _without_providers(root: Path, declared: Declarations) -> dict[str, str]:
    """Take the configurations of the AWS provider out of a root module; returns its aliases and their Regions.

    The default stands for a Region that is not a literal.
    """
    aliases: dict[str, str] = {}
    for file in sorted(root.glob("*.tf")):
        lines = file.read_text(encoding="utf-8").splitlines()
        for block in read_file(file):
            if block.heading == ("provider", "aws"):
                lines[block.start - 1 : block.end] = [""] * (block.end - block.start + 1)
                if "alias" in block.attributes:
                    region = LITERAL.fullmatch(block.attributes.get("region", ""))
                    aliases[f"aws.{block.attributes['alias'].strip('"')}"] = region[1] if region else DEFAULT_REGION
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if aliases:
        aws = {"source": "hashicorp/aws", "version": declared.requirements["aws"], "configuration_aliases": [*aliases]}
        override = {"terraform": {"required_providers": [{"aws": aws}]}}
        (root / "combined_override.tf.json").write_text(json.dumps(override), encoding="utf-8")
    return aliases


def _values(tree: Tree, root: str, declared: Declarations) -> Iterator[tuple[str, Any]]:
    for variable in declared.variables:
        # If null is the default, the example may need a value all the same, unless options say otherwise.
        if variable.default not in (None, "null") or (variable.default and variable.name not in tree.values):
            continue
        if variable.name not in tree.values:
            raise HarnessError(
                f"{root} requires the variable '{variable.name}' and nothing says what to plan it with: add a value to "
                "VALUES in tests/harness/tools/scan.py, or give the variable a default."
            )
        yield variable.name, tree.values[variable.name]
