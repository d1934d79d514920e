"""Every module and example documents itself: a README that is up to date, a description for whatever it declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform.hcl import read_folder
from harness.tools.docs import (
    BEGIN,
    END,
    documented_folders,
    example_folders,
    is_internal,
    module_folders,
    tables,
    with_tables,
)

FOLDERS = {str(folder.relative_to(PROJECT)): folder for folder in documented_folders()}
ALL_FOLDERS = {str(folder.relative_to(PROJECT)): folder for folder in (*example_folders(), *module_folders())}
INTERNAL = {
    "modules/plerion-kms/modules/cmk-access",
    "modules/plerion-kms/modules/role-policy",
    "modules/plerion-kms/modules/roles",
}

DECLARATIONS = """
terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.31, < 7.0"
    }
  }
}

variable "given" {
  description = "Has a default, \\"quoted\\", a $${variable} and a | bar."
  type        = string
  default     = "a|b # c"
}

variable "needed" {
  description = <<-EOT
    Two lines
    of text.
  EOT
  type = map(object({
    accounts = optional(list(string), []) # whose
    name     = string
  }))
}

module "roles" {
  source = "../roles"
}

data "aws_caller_identity" "this" {}

resource "aws_iam_role" "this" {
  count = length("$${") == 2 ? 1 : 0
}

output "arn" {
  description = "The ARN."
  value       = try(aws_iam_role.this[0].arn, null)
}
"""

TABLES = r"""## Requirements

| Name | Version |
|------|---------|
| terraform | >= 1.6 |
| aws | >= 5.31, < 7.0 |

## Modules

| Name | Source |
|------|--------|
| roles | [../roles](../roles) |

## Resources

| Name | Type |
|------|------|
| `aws_caller_identity.this` | data source |
| `aws_iam_role.this` | resource |

## Inputs

| Name | Description | Type | Default | Required |
|------|-------------|------|---------|----------|
| needed | Two lines of text. | `map(object({ accounts = optional(list(string), []), name = string }))` | n/a | yes |
| given | Has a default, "quoted", a ${variable} and a \| bar. | `string` | `"a\|b # c"` | no |

## Outputs

| Name | Description |
|------|-------------|
| arn | The ARN. |"""


@pytest.mark.parametrize("name", FOLDERS)
def test_the_readme_is_up_to_date(name: str) -> None:
    readme = (FOLDERS[name] / "README.md").read_text(encoding="utf-8")
    assert readme == with_tables(FOLDERS[name]), f"{name}/README.md is out of date: run 'make docs'."


def test_internal_modules_and_only_they_have_no_readme() -> None:
    assert {name for name, folder in ALL_FOLDERS.items() if not (folder / "README.md").exists()} == INTERNAL
    assert ALL_FOLDERS.keys() - FOLDERS.keys() == INTERNAL
    assert {str(folder.relative_to(PROJECT)) for folder in module_folders() if is_internal(folder)} == INTERNAL


@pytest.mark.parametrize("name", ALL_FOLDERS)
def test_every_input_and_output_is_described(name: str) -> None:
    declared = read_folder(ALL_FOLDERS[name])
    described = [(item.name, item.description) for item in declared.variables]
    described += [(item.name, item.description) for item in declared.outputs]
    assert [item for item, description in described if not description] == []


def test_what_a_folder_declares_becomes_tables(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(DECLARATIONS)
    assert tables(read_folder(tmp_path)) == TABLES


SECTIONS = """
# A comment.

################################################################################
# Mode
################################################################################

variable "mode" {
  description = "The mode."
  type        = string
  default     = "A" # the usual one
}

variable "id" {
  description = "The id."
  type        = string
}

################################################################################
# Roles and more
################################################################################

variable "role" {
  description = "The role."
  type        = string
  default     = null
}
"""

SECTIONED = """## Inputs

### Mode

| Name | Description | Type | Default | Required |
|------|-------------|------|---------|----------|
| id | The id. | `string` | n/a | yes |
| mode | The mode. | `string` | `"A"` | no |

### Roles and more

| Name | Description | Type | Default | Required |
|------|-------------|------|---------|----------|
| role | The role. | `string` | `null` | no |"""


def test_sections_of_a_file_are_headings_of_its_inputs(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text(SECTIONS)
    assert tables(read_folder(tmp_path)) == SECTIONED


def test_the_inputs_of_plerion_kms_are_in_sections() -> None:
    variables = read_folder(FOLDERS["modules/plerion-kms"]).variables
    titles = list(dict.fromkeys(variable.section for variable in variables))
    assert titles == ["Mode and scope", "Roles", "Policies", "Key-policy additions", "Hardening"]


def test_the_tables_go_between_the_markers_and_leave_the_rest(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('output "a" {\n  description = "A."\n  value = 1\n}\n')
    readme = tmp_path / "README.md"
    readme.write_text(f"# Above\n\n{BEGIN}\nold\n{END}\n\nBelow.\n")
    text = with_tables(tmp_path)
    assert text.startswith(f"# Above\n\n{BEGIN}\n## Outputs\n")
    assert text.endswith(f"| a | A. |\n{END}\n\nBelow.\n")
    readme.write_text(text)
    assert with_tables(tmp_path) == text


@pytest.mark.parametrize(
    ("readme", "message"),
    [
        (None, "README.md is missing: write what the folder is for"),
        ("# No markers\n", "README.md must hold <!-- BEGIN_TF_DOCS --> and below it"),
        (f"{END}\n{BEGIN}\n", "README.md must hold <!-- BEGIN_TF_DOCS --> and below it"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", "each once"),
    ],
)
def test_a_readme_without_a_place_for_the_tables_is_named(tmp_path: Path, readme: str | None, message: str) -> None:
    if readme is not None:
        (tmp_path / "README.md").write_text(readme)
    with pytest.raises(HarnessError, match="README") as raised:
        with_tables(tmp_path)
    assert message in str(raised.value)


def test_a_file_that_does_not_parse_is_named(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('variable "x" {\n')
    with pytest.raises(HarnessError, match=r"main\.tf is not HCL that parses"):
        read_folder(tmp_path)
