"""Every module and example documents itself: a README that is up to date, a description for whatever it declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.paths import PROJECT
from harness.terraform.hcl import read_folder
from harness.tools.docs import BEGIN, END, documented_folders, tables, with_tables

FOLDERS = {str(folder.relative_to(PROJECT)): folder for folder in documented_folders()}

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


@pytest.mark.parametrize("name", FOLDERS)
def test_every_input_and_output_is_described(name: str) -> None:
    declared = read_folder(FOLDERS[name])
    described = [(item.name, item.description) for item in declared.variables]
    described += [(item.name, item.description) for item in declared.outputs]
    assert [item for item, description in described if not description] == []


def test_what_a_folder_declares_becomes_tables(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(DECLARATIONS)
    assert tables(read_folder(tmp_path)) == TABLES


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
