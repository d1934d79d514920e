"""STS: which permissions AssumeRole and its kin need, decided by the role's trust policy and the caller's policies.

Source: authorization.md "Context keys for KMS" (session-tag rules) and "Error texts"; IAM user guide "Passing session
tags in AWS STS", "How to use an external ID".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authorization.caller import Caller
from authorization.decision import Decision
from authorization.documents import Policy


@dataclass(frozen=True, slots=True)
class Role:
    """The role to be assumed: full ARN with path, trust policy (PolicyKind.TRUST), tags."""

    arn: str
    trust: Policy
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StsCall:
    """One API call: AssumeRole, AssumeRoleWithWebIdentity, AssumeRoleWithSAML, or one that works on no role.

    parameters: the request's members as boto3 takes them; role: None where it does not exist or none is asked for.
    transitive_tags: tag keys that the caller's session hands on (role chaining), with their values.
    """

    operation: str
    parameters: Mapping[str, Any]
    role: Role | None = None
    transitive_tags: Mapping[str, str] = field(default_factory=dict)


def authorize_call(caller: Caller, call: StsCall) -> Decision:
    """Decide sts:AssumeRole*, and sts:TagSession and sts:SetSourceIdentity where the call asks for them: the first
    refusal, else the last allow."""
    raise NotImplementedError
