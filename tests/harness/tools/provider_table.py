"""`python -m harness.tools.provider_table TABLE SOURCE ...`: write what versions of the AWS provider have into a table.

A source is the JSON of `terraform providers schema -json`, named `VERSION.json`, or a wheel of the Python bindings
cdktf-cdktf-provider-aws or cdktn-provider-aws, whose metadata names the version of the provider that they wrap. The
table has the types alone that modules and examples use.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness import command
from harness.errors import HarnessError
from harness.terraform.hcl import read_folder
from harness.tools.docs import documented_folders

WRAPPED = re.compile(r"bindings for hashicorp/aws provider version (\d+\.\d+\.\d+)")
TOP = ("TerraformResource", "TerraformDataSource")
"""The class of a type itself; others are of its blocks."""
OF_THE_BINDINGS = "TF_RESOURCE_TYPE"
NO_PARTS = {
    "scope",
    "id_",
    "self",
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioners",
}

type Body = dict[str, Any]
"""A type or a block of it: `arguments` and `attributes` (computed alone), as names, and `blocks` by their names."""


def used_types() -> list[str]:
    """The AWS types that modules and examples use: `resource aws_kms_key`, `data aws_region`."""
    found = {
        f"{'data' if kind == 'data source' else 'resource'} {name.split('.')[0]}"
        for folder in documented_folders()
        for name, kind in ((name.removeprefix("data."), kind) for name, kind in read_folder(folder).resources.items())
    }
    return sorted(each for each in found if each.split()[1].startswith("aws_"))


def from_schema(file: Path, types: Iterable[str]) -> dict[str, Body]:
    """What a provider's own schema says. Raises HarnessError where it is not one of the AWS provider."""
    schemas: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8")).get("provider_schemas", {})
    provider = next((schema for name, schema in schemas.items() if name.endswith("/hashicorp/aws")), None)
    if provider is None:
        raise HarnessError(f"{file} has no schema of hashicorp/aws: write it by 'terraform providers schema -json'.")
    kinds = {"resource": provider["resource_schemas"], "data": provider["data_source_schemas"]}
    found = {each: kinds[each.split()[0]].get(each.split()[1]) for each in types}
    return {each: _from_block(schema["block"]) for each, schema in found.items() if schema}


def _from_block(block: Mapping[str, Any]) -> Body:
    attributes = block.get("attributes", {})
    settable = {name for name, each in attributes.items() if each.get("optional") or each.get("required")}
    return _body(
        settable,
        attributes.keys() - settable,
        {name: _from_block(each["block"]) for name, each in block.get("block_types", {}).items()},
    )


def from_bindings(wheel: Path, types: Iterable[str]) -> tuple[str, dict[str, Body]]:
    """The version of the provider that the bindings wrap, and what they say. Raises HarnessError for another wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        version = WRAPPED.search(archive.read(metadata).decode())
        if version is None:
            raise HarnessError(f"{wheel} does not name the AWS provider that it wraps: give a wheel of its bindings.")
        package = next(name.split("/")[0] for name in names if name.endswith("/_jsii/__init__.py"))
        found = {
            each: f"{package}/{each.replace('data ', 'data_').split()[-1].removeprefix('aws_')}/__init__.py"
            for each in types
        }
        return version[1], {
            each: _from_module(archive.read(name).decode()) for each, name in found.items() if name in names
        }


def _from_module(text: str) -> Body:
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    (top,) = (each for each in classes if any(ast.unparse(base).endswith(TOP) for base in each.bases))
    return _from_class(top, {each.name: each for each in classes}, is_top=True)


def _from_class(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], *, is_top: bool = False) -> Body:
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    (init,) = (each for each in methods if each.name == "__init__")
    arguments, blocks = set[str](), dict[str, Body]()
    for argument in init.args.kwonlyargs:
        named = set(re.findall(r"\w+", ast.unparse(argument.annotation or ast.Constant(""))))
        if inner := sorted(named & classes.keys()):
            blocks[argument.arg] = _from_class(classes[inner[0]], classes)
        elif argument.arg not in NO_PARTS:
            arguments.add(argument.arg)
    properties = {each.name for each in methods if any("property" in ast.unparse(mark) for mark in each.decorator_list)}
    computed = {each for each in properties if not each.endswith("_input") and each != OF_THE_BINDINGS}
    return _body(arguments, computed - arguments - blocks.keys() if is_top else (), blocks)


def _body(arguments: Iterable[str], attributes: Iterable[str], blocks: Mapping[str, Body]) -> Body:
    parts = {"arguments": sorted(arguments), "attributes": sorted(attributes), "blocks": dict(sorted(blocks.items()))}
    return {name: part for name, part in parts.items() if part}


def main(arguments: list[str]) -> int:
    """Write the table. Returns the exit code. Raises HarnessError."""
    if len(arguments) < 2:
        raise HarnessError("Name the table's file and at least one source: VERSION.json, or a wheel of the bindings.")
    target, *sources = map(Path, arguments)
    types = used_types()
    found = dict(
        from_bindings(source, types) if source.suffix == ".whl" else (source.stem, from_schema(source, types))
        for source in sources
    )
    ordered = dict(sorted(found.items(), key=lambda row: tuple(map(int, row[0].split(".")))))
    target.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(command.run(lambda: main(sys.argv[1:])))
