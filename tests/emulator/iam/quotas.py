"""Quotas of IAM that LocalStack does not keep. Source: IAM user guide, "IAM and AWS STS quotas", the defaults."""

from __future__ import annotations

from typing import Any

from localstack.aws.api import CommonServiceException

from emulator.call import Call
from emulator.iam import identities

MOST = 10
QUOTAS = {
    "AttachRolePolicy": "PoliciesPerRole",
    "AttachUserPolicy": "PoliciesPerUser",
    "AttachGroupPolicy": "PoliciesPerGroup",
    "AddUserToGroup": "GroupsPerUser",
}
"""Operations that add one of something, and the quota's name."""


def check(call: Call) -> None:
    """Raise LimitExceeded if the call would add one too many."""
    if call.operation not in QUOTAS:
        return
    iam, parameters = identities.store(call.caller_account), call.parameters
    if call.operation == "AddUserToGroup":
        groups = list(iam.GROUPS.items())
        present = [name for name, group in groups if parameters["UserName"] in group.member_user_names]
        added = parameters["GroupName"]
    else:
        present, added = _attached(iam, parameters), parameters["PolicyArn"]
    if added not in present and len(present) >= MOST:
        text = f"Cannot exceed quota for {QUOTAS[call.operation]}: {MOST}"
        raise CommonServiceException("LimitExceeded", text, status_code=409, sender_fault=True)


def _attached(iam: Any, parameters: Any) -> list[str]:
    for member, entities in (("RoleName", iam.ROLES), ("UserName", iam.USERS), ("GroupName", iam.GROUPS)):
        entity = entities.get(parameters.get(member) or "")
        if entity is not None:
            attached: list[str] = entity.attached_policy_arns
            return attached
    return []
