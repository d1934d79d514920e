"""IAM calls: which resources each works on, and the engine's decision by identity policy about each permission.

A call on an entity that exists is decided by the entity's own ARN, with its path, and by its tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from localstack.aws.api import CommonServiceException

from emulator import errors
from emulator.by_identity import decide, request_tags
from emulator.call import Call
from emulator.caller import Problem
from emulator.iam import identities
from emulator.iam.operations import (
    CREATES,
    OF_THE_CALLER,
    PASSED_TO,
    RESOURCES,
    TAGS_ON_CREATE,
    WITH_BOUNDARY,
    WITH_POLICY_ARN,
)
from emulator.sts.sessions import SessionKind
from plerion_kms.authorization.decision import Decision, first_refusal
from plerion_kms.authorization.request import ContextValue, PrincipalType, Resource

NAMES = {"role": "RoleName", "user": "UserName", "group": "GroupName", "instance-profile": "InstanceProfileName"}
ARNS = {
    "policy": "PolicyArn",
    "oidc-provider": "OpenIDConnectProviderArn",
    "saml-provider": "SAMLProviderArn",
    "entity": "PolicySourceArn",
}


def prepare(call: Call) -> None:
    """Add the calling user's name if a call leaves it out, so that decision and provider mean the same user; refuse
    tags with the prefix that AWS reserves."""
    principal = call.resolved.caller.principal
    if call.operation in OF_THE_CALLER and not call.parameters.get("UserName") and principal.type is PrincipalType.USER:
        call.parameters["UserName"] = principal.arn.rpartition("/")[2]
    for member in ("PolicyArn", "PermissionsBoundary"):
        arn = call.parameters.get(member) or ""
        if arn.startswith("arn:") and not arn.startswith("arn:aws:"):  # LocalStack would use the policy of `aws`
            text = f"Policy {arn} does not exist or is not attachable."
            raise CommonServiceException("NoSuchEntity", text, status_code=404, sender_fault=True)
    errors.check_tag_keys(call.tags, "InvalidInput")


def authorize(call: Call) -> Decision:
    """Ask the engine for each permission that the call needs."""
    session = call.resolved.session
    if session is not None and session.kind is not SessionKind.ROLE:
        # "You cannot call any IAM API operations" with these credentials unless MFA was used, which is not offered.
        raise errors.bad_credentials(Problem.UNKNOWN, "query")
    return first_refusal(_decisions(call))


def _decisions(call: Call) -> Iterator[Decision]:
    operation, parameters = call.operation, call.parameters
    kind = RESOURCES[operation]
    entity = None if operation in CREATES else _entity(call, kind)
    arn = _arn(call, kind, entity)
    _check_account(call, arn)
    tags = {} if operation in CREATES else _tags(call, arn)
    context = _context(call, entity) | {f"iam:ResourceTag/{key}": value for key, value in tags.items()}
    yield decide(call, f"iam:{operation}", Resource(arn, call.caller_account, None if arn == "*" else tags), context)
    if operation in TAGS_ON_CREATE and parameters.get("Tags"):
        yield decide(call, f"iam:{TAGS_ON_CREATE[operation]}", Resource(arn, call.caller_account, {}), context)
    if operation in PASSED_TO:
        yield pass_role(call, _arn(call, "role", _entity(call, "role")), PASSED_TO[operation])
    if operation == "UpdateUser":
        path = parameters.get("NewPath") or (entity or {}).get("Path") or "/"
        new = f"arn:aws:iam::{call.caller_account}:user{path}{parameters.get('NewUserName') or parameters['UserName']}"
        yield decide(call, f"iam:{operation}", Resource(new, call.caller_account, tags), context)


def pass_role(call: Call, role_arn: str, service: str) -> Decision:
    """Ask the engine for `iam:PassRole` on a role of the caller's account."""
    _check_account(call, role_arn)
    tags = _tags(call, role_arn)
    context: dict[str, ContextValue] = {f"iam:ResourceTag/{key}": value for key, value in tags.items()}
    context["iam:PassedToService"] = service
    return decide(call, "iam:PassRole", Resource(role_arn, call.caller_account, tags), context)


def _arn(call: Call, kind: str, entity: Mapping[str, Any] | None) -> str:
    """The ARN of the call's resource; of a resource that does not exist the ARN that it would have."""
    parameters = call.parameters
    if not kind:
        return "*"
    if entity is not None:
        return str(entity["Arn"])
    if kind in ARNS and parameters.get(ARNS[kind]):
        return str(parameters[ARNS[kind]])
    prefix = f"arn:aws:iam::{call.caller_account}:{kind}"
    if kind == "oidc-provider":
        return f"{prefix}/{parameters['Url'].partition('://')[2]}"
    if kind == "saml-provider":
        return f"{prefix}/{parameters['Name']}"
    name = parameters["PolicyName"] if kind == "policy" else parameters.get(NAMES[kind])
    path = parameters.get("Path") if call.operation in CREATES else None
    return f"{prefix}{path or '/'}{name}" if name else call.resolved.caller.principal.arn


def _entity(call: Call, kind: str) -> Mapping[str, Any] | None:
    """The role, user, group or instance profile that the call names, as LocalStack keeps it; None if absent."""
    iam = identities.store(call.caller_account)
    name = call.parameters.get(NAMES.get(kind, ""))
    kept: dict[str, tuple[Mapping[str, Any], str]] = {
        "role": (iam.ROLES, "role"),
        "user": (iam.USERS, "user"),
        "group": (iam.GROUPS, "group"),
        "instance-profile": (iam.INSTANCE_PROFILES, "instance_profile"),
    }
    entities, attribute = kept.get(kind, ({}, ""))
    found = entities.get(name or "")
    return None if found is None else getattr(found, attribute)


def _check_account(call: Call, arn: str) -> None:
    """IAM works in the caller's account, and on AWS's own policies."""
    if arn == "*" or arn.startswith((f"arn:aws:iam::{call.caller_account}:", "arn:aws:iam::aws:policy/")):
        return
    principal = call.resolved.caller.principal.arn
    text = f"User: {principal} is not authorized to perform: iam:{call.operation} on resource: {arn}"
    raise errors.access_denied(text, "query")


def _tags(call: Call, arn: str) -> Mapping[str, str]:
    tags: Mapping[str, str] = identities.store(call.caller_account).TAGS.get_tags(arn)
    return tags


def _context(call: Call, entity: Mapping[str, Any] | None) -> dict[str, ContextValue]:
    context = request_tags(call)
    if call.operation in WITH_POLICY_ARN:
        context["iam:PolicyARN"] = call.parameters["PolicyArn"]
    if call.operation in WITH_BOUNDARY:
        present = ((entity or {}).get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        boundary = call.parameters.get("PermissionsBoundary") or present
        if boundary:
            context["iam:PermissionsBoundary"] = boundary
    return context
