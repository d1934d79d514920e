"""What the package is made of: its imports, its schema, its policy, and its own copy of what the modules render."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import plerion_kms
from plerion_kms.audit import roles
from plerion_kms.audit.mode_statements import hardened
from plerion_kms.audit.rules import RULES
from plerion_kms.audit.writers.data import schema_text
from plerion_kms.guide import mode_statement

PACKAGE = Path(plerion_kms.__file__).parent
STANDARD_OR_DECLARED = {
    "boto3", "botocore", "jinja2", "markupsafe", "plerion_kms", "pydantic", "pydantic_core", "rich", "rich_argparse",
    "yaml",
}  # fmt: skip
FORBIDDEN = {"localstack", "moto", "pytest", "harness", "emulator", "hypothesis", "rolo"}


def test_imports() -> None:
    imported = {
        name.split(".")[0]
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - STANDARD_OR_DECLARED <= sys.stdlib_module_names
    assert not imported & FORBIDDEN


def test_the_schema_is_that_of_the_report() -> None:
    assert (PACKAGE / "audit" / "report.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_stand_in_roles_have_the_partition() -> None:
    assert "arn:aws-cn:kms:*:*:key/*" in roles.metadata_policy("aws-cn")
    assert "arn:aws:" not in roles.mode_policy("ALL_KEYS", "aws-us-gov")


def test_the_hardened_deny_spares_aws_managed_keys_in_selected_keys_alone() -> None:
    for mode, condition in {
        "ALL_KEYS": {"StringEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Denied"}},
        "SELECTED_KEYS": {
            "StringNotEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Granted"},
            "ForAllValues:StringNotLike": {"kms:ResourceAliases": "alias/aws/*"},
        },
    }.items():
        *_, deny = hardened(mode, mode_statement(mode), "aws")
        assert deny["Effect"] == "Deny"
        assert deny["Condition"] == condition
        assert deny["Resource"] == ["arn:aws:kms:*:*:key/*"]


def test_each_rule_is_explained_where_it_says() -> None:
    for rule in RULES:
        name, _, anchor = rule.docs.partition("#")
        text = (PACKAGE.parents[1] / name).read_text(encoding="utf-8")
        headings = {
            re.sub(r"[^\w -]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
            for line in text.splitlines()
            if line.startswith("#")
        }
        assert not anchor or anchor in headings, rule


def test_the_printed_policy_only_reads() -> None:
    policy = json.loads((PACKAGE / "audit" / "permissions.json").read_text(encoding="utf-8"))
    actions = [action for statement in policy["Statement"] for action in _listed(statement["Action"])]
    assert all(action.split(":")[1].startswith(("Describe", "Get", "List", "AssumeRole")) for action in actions)


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
