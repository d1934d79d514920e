"""Which tags say that other code owns a key."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from plerion_kms.audit.owners import owner_of


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        (None, ""),
        ({}, ""),
        ({"Owner": "Accounts", "Team": "terraformers"}, ""),
        ({"aws:cloudformation:stack-name": "network"}, "the CloudFormation stack network"),
        ({"ManagedBy": "Terraform"}, "other code (ManagedBy = Terraform)"),
        ({"managed-by": "terragrunt"}, "other code (managed-by = terragrunt)"),
        ({"managed_by": "OpenTofu 1.8"}, "other code (managed_by = OpenTofu 1.8)"),
        ({"provisioner": "pulumi"}, "other code (provisioner = pulumi)"),
        ({"CreatedBy": "aws-cdk"}, "other code (CreatedBy = aws-cdk)"),
        ({"Terraform": "true"}, "other code (Terraform = true)"),
        ({"Terraform": "false"}, ""),
        ({"ManagedBy": "Alice"}, ""),
        ({"aws:cloudformation:stack-name": "a", "ManagedBy": "Terraform"}, "the CloudFormation stack a"),
        ({"ManagedBy": "Terraform", "aws:cloudformation:stack-name": "a"}, "the CloudFormation stack a"),
    ],
)
def test_owner(tags: Mapping[str, str] | None, owner: str) -> None:
    assert owner_of(tags) == owner
