"""The trust of the run's roles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plerion_kms.authorization.grammar import as_list


def let_assume(iam: Any, role_name: str, arn: str, condition: Mapping[str, Any] | None = None) -> None:
    """Have the role trust that principal, in addition to those it trusts already. Raises botocore's errors."""
    trust = iam.get_role(RoleName=role_name)["Role"]["AssumeRolePolicyDocument"]
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": arn}}
    if condition:
        statement["Condition"] = dict(condition)
    statements = as_list(trust["Statement"])
    if statement not in statements:
        document = {**trust, "Statement": [*statements, statement]}
        iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(document))
