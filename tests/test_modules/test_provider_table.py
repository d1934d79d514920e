"""What modules and examples use, against what versions of the AWS provider have, which may not be at hand.

`provider_table.json` was written by `harness.tools.provider_table` from the schema of 5.100.0 and from Python bindings
that wrap the other versions. It changes when a type comes into use that it lacks: the test below says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.paths import PROJECT
from harness.terraform.hcl import Block, read_file, read_folder
from harness.terraform.provider_binary import numbers, oldest
from harness.tools.docs import documented_folders

TABLE: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "provider_table.json").read_text())
FOLDERS = {str(folder.relative_to(PROJECT)): folder for folder in documented_folders()}
META_ARGUMENTS = {"count", "for_each", "provider", "depends_on"}
META_BLOCKS = {"lifecycle", "provisioner", "connection"}
REFERENCE = re.compile(r"\b(data\.)?(aws_\w+)\.\w+(?:\[[^\]]*\])?\.(\w+)")


def unknown_in(block: Block, known: dict[str, Any], place: str) -> Iterator[str]:
    """The arguments and blocks that a type or a block of it does not have."""
    for name in block.attributes.keys() - set(known.get("arguments", [])):
        yield f"{place}.{name}"
    for inner in block.blocks:
        # What a dynamic block makes stands in its content.
        kind = inner.heading[1] if inner.heading[0] == "dynamic" else inner.heading[0]
        body = (
            next(each for each in inner.blocks if each.heading[0] == "content")
            if inner.heading[0] == "dynamic"
            else inner
        )
        if kind not in known.get("blocks", {}):
            yield f"{place}.{kind}"
        else:
            yield from unknown_in(body, known["blocks"][kind], f"{place}.{kind}")


def unknown_to(version: str, folder: Path) -> list[str]:
    """What the folder uses and a version of the provider does not have."""
    table, found = TABLE[version], set[str]()
    for path in folder.glob("*.tf"):
        for block in read_file(path):
            kind, *labels = block.heading
            if kind in ("resource", "data") and labels[0].startswith("aws_"):
                own = replace(
                    block,
                    attributes={name: text for name, text in block.attributes.items() if name not in META_ARGUMENTS},
                    blocks=tuple(inner for inner in block.blocks if inner.heading[0] not in META_BLOCKS),
                )
                place = f"{kind} {labels[0]}"
                found |= set(unknown_in(own, table[place], place)) if place in table else {place}
        for data, name, attribute in REFERENCE.findall(path.read_text(encoding="utf-8")):
            place = f"{'data' if data else 'resource'} {name}"
            known = table.get(place, {})
            parts = {*known.get("arguments", ()), *known.get("attributes", ()), *known.get("blocks", ())}
            if attribute not in parts:
                found.add(f"{place}.{attribute}")
    return sorted(found)


def accepts(name: str, version: str) -> bool:
    return numbers(version) >= oldest(read_folder(FOLDERS[name]).requirements.get("aws", ">= 5.31"))


def test_the_table_has_the_oldest_and_newer_versions() -> None:
    assert [".".join(version.split(".")[:2]) for version in TABLE] == ["5.31", "5.60", "5.100", "6.69"]


@pytest.mark.parametrize("version", TABLE)
@pytest.mark.parametrize("name", FOLDERS)
def test_each_version_has_what_is_used(name: str, version: str) -> None:
    if not accepts(name, version):
        pytest.skip(f"{name} does not say that it works with {version}.")
    assert unknown_to(version, FOLDERS[name]) == []


def test_what_an_older_version_lacks_is_found(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        """
resource "aws_kms_key" "this" {
  region                  = "eu-west-1" # since 6.0
  rotation_period_in_days = 90          # since 5.53
  timeouts {
    create = "5m"
    delete = "5m" # in none
  }
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_thing" "this" {} # in none

output "x" {
  value = [aws_kms_key.this.arn, aws_kms_key.this.unknown]
}
"""
    )
    nowhere = ["resource aws_kms_key.timeouts.delete", "resource aws_kms_key.unknown", "resource aws_kms_thing"]
    region, rotation = "resource aws_kms_key.region", "resource aws_kms_key.rotation_period_in_days"
    assert {version: unknown_to(version, tmp_path) for version in TABLE} == {
        "5.31.0": sorted([region, rotation, *nowhere]),
        "5.60.0": sorted([region, *nowhere]),
        "5.100.0": sorted([region, *nowhere]),
        "6.69.1": nowhere,
    }
