"""Other code that owns a key, told by the marks that it leaves in the key's tags."""

from __future__ import annotations

from collections.abc import Mapping

STACK = "aws:cloudformation:stack-name"
MANAGED_BY = frozenset({"managedby", "managed-by", "managed_by", "provisioner", "createdby", "created-by"})
CODE = ("terraform", "opentofu", "terragrunt", "pulumi", "cdk", "crossplane", "cloudformation", "ansible")


def owner_of(tags: Mapping[str, str] | None) -> str:
    """What owns the key's policy, for instance `the CloudFormation stack network`; empty if no tag says so."""
    given = tags or {}
    if STACK in given:
        return f"the CloudFormation stack {given[STACK]}"
    for key, value in given.items():
        yes = key.lower() == "terraform" and value.lower() not in ("false", "no", "0")
        if yes or (key.lower() in MANAGED_BY and any(code in value.lower() for code in CODE)):
            return f"other code ({key} = {value})"
    return ""
