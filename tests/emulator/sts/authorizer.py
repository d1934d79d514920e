"""STS calls: the role looked up, the request's limits checked, the engine asked.

Source: STS API reference; IAM user guide "Passing session tags in AWS STS", "Using IAM roles" (role chaining).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from emulator import errors, limits
from emulator.call import Call
from emulator.caller import ResolvedCaller
from emulator.iam import identities
from emulator.iam.identities import Identity
from emulator.sts import federation, trust
from emulator.sts.sessions import SessionKind
from plerion_kms.authorization.decision import Decision
from plerion_kms.authorization.documents import parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.request import PrincipalType
from plerion_kms.authorization.sts import Role, StsCall, authorize_call
from plerion_kms.authorization.validation import validate_session_policy

UNSIGNED_OPERATIONS = {"AssumeRoleWithWebIdentity": federation.web_identity, "AssumeRoleWithSAML": federation.saml}
"""Operations that are called without AWS credentials, and the function that reads their caller."""

ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):role/(?:.*/)?([^/]+)")
MAX_POLICY_ARNS = 10
CHAINED_DURATION = 3600
DEFAULT_DURATION = 43200
ROOT_DURATION = 3600


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """The role that a call asks for, in its current state."""

    account: str
    name: str
    identity: Identity
    max_duration: int


def prepare(call: Call) -> None:
    """Read a federated caller's token and check what can be checked before the decision. Raises AWS's errors."""
    read = UNSIGNED_OPERATIONS.get(call.operation)
    if read is not None:
        call.federated = read(call.parameters, call.resolved.caller.context)
        call.resolved = ResolvedCaller(call.federated.caller)
    _check_session_kind(call)
    _check_multi_factor(call)
    _check_policies(call)
    _check_tags(call)
    if call.operation in ("GetSessionToken", "GetFederationToken"):
        _set_duration(call)


def authorize(call: Call) -> Decision:
    """Ask the engine; it refuses a role that does not exist."""
    found = role(call)
    engine_role = None
    if found is not None:
        document = trust.trust_policy(found.account, found.name)
        policy = parse_policy(document, PolicyKind.TRUST, f"trust policy of {found.name}")
        engine_role = Role(arn=found.identity.arn, trust=policy, tags=found.identity.tags)
    session = call.resolved.session
    return authorize_call(
        call.resolved.caller,
        StsCall(
            operation=call.operation,
            parameters=dict(call.parameters) | _passed_tags(call),
            role=engine_role,
            transitive_tags=session.transitive_tags if session else {},
        ),
    )


def _passed_tags(call: Call) -> dict[str, Any]:
    """The session tags of a token or assertion, as AssumeRole has them."""
    if call.federated is None or not call.federated.tags:
        return {}
    tags = [{"Key": key, "Value": value} for key, value in call.federated.tags.items()]
    return {"Tags": tags, "TransitiveTagKeys": list(call.federated.transitive)}


def role(call: Call) -> AssumedRole | None:
    """The role that the call names, None if no role has exactly this ARN."""
    match = ROLE_ARN.fullmatch(call.parameters.get("RoleArn") or "")
    if match is None:
        return None
    account, name = match.groups()
    identity = identities.role(account, name)
    if identity is None or identity.arn != call.parameters["RoleArn"]:
        return None
    entity = identities.store(account).ROLES[name]
    return AssumedRole(account, name, identity, int(entity.role.get("MaxSessionDuration") or 3600))


def check_duration(call: Call, found: AssumedRole) -> None:
    """The requested duration against the role's maximum, and one hour for a role assumed by a role."""
    requested = call.parameters.get("DurationSeconds")
    if requested is None:
        return
    session = call.resolved.session
    if session is not None and session.kind is SessionKind.ROLE and requested > CHAINED_DURATION:
        raise errors.validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    if requested > found.max_duration:
        raise errors.validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _check_session_kind(call: Call) -> None:
    session = call.resolved.session
    if session is None:
        return
    if call.operation in ("GetSessionToken", "GetFederationToken"):
        raise errors.access_denied(f"Cannot call {call.operation} with session credentials", "query")
    if session.kind is SessionKind.FEDERATED_USER and call.operation.startswith("AssumeRole"):
        raise errors.access_denied("Cannot call AssumeRole with federation token credentials", "query")


def _check_multi_factor(call: Call) -> None:
    """The emulator has no MFA devices, so that no code is right."""
    if call.parameters.get("SerialNumber") or call.parameters.get("TokenCode"):
        raise errors.access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code.", "query")


def _set_duration(call: Call) -> None:
    """12 hours by default; for the root user one hour, even if it requests more (STS API reference)."""
    requested = call.parameters.get("DurationSeconds") or DEFAULT_DURATION
    is_root = call.resolved.caller.principal.type is PrincipalType.ACCOUNT_ROOT
    call.parameters["DurationSeconds"] = min(requested, ROOT_DURATION) if is_root else requested


def _check_tags(call: Call) -> None:
    """The limits that no policy decides about: AssumeRole's for the tags of a token or assertion, and for all tags the
    prefix that AWS reserves."""
    passed = _passed_tags(call)
    model = call.context.service.operation_model("AssumeRole")
    for member, value in passed.items():
        limits.check_member(model, member, value, "query")
    errors.check_tag_keys((*call.tags, *(call.federated.tags if call.federated else ())), "InvalidParameterValue")


def _check_policies(call: Call) -> None:
    policy = call.parameters.get("Policy")
    arns = call.parameters.get("PolicyArns") or ()
    if len(arns) > MAX_POLICY_ARNS:
        raise errors.validation(
            "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length "
            f"less than or equal to {MAX_POLICY_ARNS}"
        )
    error = None if policy is None else validate_session_policy(policy)
    if error is not None:
        raise errors.from_decision(error)
