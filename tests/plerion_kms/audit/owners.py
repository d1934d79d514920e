"""Other code that owns a key, told by the marks that it leaves in the key's tags."""

from __future__ import annotations

from collections.abc import Mapping

STACK = "aws:cloudformation:stack-name"
MANAGED_BY = frozenset({"managedby", "managed-by", "managed_by", "provisioner", "createdby", "created-by", "terraform"})
CODE = ("terraform", "opentofu", "terragrunt", "pulumi", "cdk", "crossplane", "cloudformation", "ansible")


def owner_of(tags: Mapping[str, str] | None) -> str:
    """What owns the key's policy, for instance `the CloudFormation stack network`; empty if no tag says so."""
    for key, value in (tags or {}).items():
        if key == STACK:
            return f"the CloudFormation stack {value}"
        if key.lower() in MANAGED_BY and (any(code in value.lower() for code in CODE) or key.lower() == "terraform"):
            return f"other code ({key} = {value})"
    return ""
