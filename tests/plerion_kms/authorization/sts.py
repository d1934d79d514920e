"""STS: which permissions AssumeRole and its kin need, decided by the role's trust policy and the caller's policies.

Source: RULES.md "STS" and "Error texts"; IAM user guide "Pass session tags in AWS STS", "Access to AWS accounts owned
by third parties".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plerion_kms.authorization.arn import parse_arn
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.decision import AwsError, Decision, Source, first_refusal
from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.engine import decide, refuse_unsupported
from plerion_kms.authorization.messages import Refusal, access_denied, wording_for
from plerion_kms.authorization.request import ContextValue, PrincipalType, Request, Resource
from plerion_kms.authorization.session_tags import read_tags, validate_session_tags


@dataclass(frozen=True, slots=True)
class Role:
    """The role to be assumed: full ARN with path, trust policy (PolicyKind.TRUST), tags, and the RCPs of its account as
    in `Policies`."""

    arn: str
    trust: Policy
    tags: Mapping[str, str] = field(default_factory=dict)
    resource_control: tuple[tuple[Policy, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class StsCall:
    """One API call: AssumeRole, AssumeRoleWithWebIdentity, AssumeRoleWithSAML, or one that works on no role.

    parameters: the request's members as boto3 takes them; role: None if it does not exist or the operation has none.
    transitive_tags: tag keys that the caller's session passes on (role chaining), with their values.
    """

    operation: str
    parameters: Mapping[str, Any]
    role: Role | None = None
    transitive_tags: Mapping[str, str] = field(default_factory=dict)


_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+", re.ASCII)

_ASSUMING = {
    "AssumeRole": None,
    "AssumeRoleWithWebIdentity": PrincipalType.WEB_IDENTITY,
    "AssumeRoleWithSAML": PrincipalType.SAML,
}
"""Operations that assume a role, and the kind of caller that two of them need."""

_ON_NOTHING = frozenset({"GetCallerIdentity", "GetSessionToken", "GetAccessKeyInfo", "DecodeAuthorizationMessage"})


def authorize_call(caller: Caller, call: StsCall) -> Decision:
    """Decide sts:AssumeRole*, and sts:TagSession and sts:SetSourceIdentity where the call asks for them: the first
    refusal, else the first that is undecided, else the last allow.

    Session tags that break STS's limits are refused with STS's error, once the call is authorized.
    """
    try:
        if call.operation in _ASSUMING:
            return _assume_role(caller, call)
        if call.operation == "GetFederationToken":
            return _federation_token(caller, call)
        if call.operation in _ON_NOTHING:
            return _decide(caller, _request(caller, f"sts:{call.operation}", "*", {}))
        return _refuse(caller, call, f"the STS operation {call.operation!r}")
    except Exception as error:  # an error of ours must never become an allow, nor a crash of the caller
        return _refuse(caller, call, f"the call: {type(error).__name__} while reading it")


def _assume_role(caller: Caller, call: StsCall) -> Decision:
    action = f"sts:{call.operation}"
    needed = _ASSUMING[call.operation]
    if call.role is None:
        arn = str(call.parameters.get("RoleArn", ""))
        if not _ROLE_ARN.fullmatch(arn):
            text = f"{arn} is invalid"
            return Decision(False, Source.REQUEST, text, AwsError("ValidationError", 400, text))
        request = _request(caller, action, arn, {})
        error = access_denied(request, Refusal.UNREACHABLE, Source.TRUST_POLICY, wording_for(request))
        return Decision(False, Source.TRUST_POLICY, f"there is no role {request.resource.arn!r}", error)
    if needed is not None and caller.principal.type is not needed:
        return _refuse(caller, call, f"a caller of type {caller.principal.type.value!r} for {call.operation}")
    if caller.principal.type is PrincipalType.ACCOUNT_ROOT:
        text = "Roles may not be assumed by root accounts."
        return Decision(False, Source.TRUST_POLICY, text, AwsError("AccessDenied", 403, text))
    context = _context(caller, call)
    inherited = caller.context.get("aws:SourceIdentity")
    if inherited is not None and context["sts:SourceIdentity"] != inherited:
        request = _request(caller, "sts:SetSourceIdentity", call.role.arn, context)
        error = access_denied(request, Refusal.IMPLICIT, Source.TRUST_POLICY, wording_for(request))
        return Decision(False, Source.TRUST_POLICY, "a session cannot change its source identity", error)
    actions = [action]
    if "aws:TagKeys" in context or any(key.lower().startswith("aws:requesttag/") for key in caller.context):
        actions.append("sts:TagSession")
    if "sts:SourceIdentity" in context:
        actions.append("sts:SetSourceIdentity")
    requests = [_request(caller, each, call.role.arn, context, call.role) for each in actions]
    return _with_valid_tags(call, first_refusal(_decide(caller, request, call.role) for request in requests))


def _federation_token(caller: Caller, call: StsCall) -> Decision:
    name = call.parameters.get("Name", "")
    arn = f"arn:aws:sts::{caller.principal.account}:federated-user/{name}"
    actions = ["sts:GetFederationToken"] + (["sts:TagSession"] if call.parameters.get("Tags") else [])
    requests = [_request(caller, action, arn, _context(caller, call)) for action in actions]
    return _with_valid_tags(call, first_refusal(_decide(caller, request) for request in requests))


def _with_valid_tags(call: StsCall, decision: Decision) -> Decision:
    error = validate_session_tags(call.parameters, call.transitive_tags) if decision.allowed else None
    if error is None:
        return decision
    return Decision(False, decision.source, f"the session tags are not valid: {error.message}", error, decision.trace)


def _context(caller: Caller, call: StsCall) -> dict[str, ContextValue]:
    """The condition keys of the request's members, the same for each permission that the call needs."""
    parameters = call.parameters
    context: dict[str, ContextValue] = {}
    for key, member in (
        ("sts:ExternalId", "ExternalId"),
        ("sts:RoleSessionName", "RoleSessionName"),
        ("sts:SourceIdentity", "SourceIdentity"),
        ("sts:DurationSeconds", "DurationSeconds"),
    ):
        if parameters.get(member) is not None:
            context[key] = str(parameters[member])
    # A source identity stays with the sessions that follow (IAM user guide "Monitor and control actions taken with
    # assumed roles").
    inherited = caller.context.get("aws:SourceIdentity")
    if inherited is not None:
        context.setdefault("sts:SourceIdentity", inherited)
    # The tags that the calling session passes on are part of the request (IAM user guide "Chaining roles with session
    # tags").
    tags = read_tags(parameters)
    names = {key.lower() for key in tags}
    tags |= {key: value for key, value in call.transitive_tags.items() if key.lower() not in names}
    if tags:
        context["aws:TagKeys"] = tuple(tags)
        context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    transitive = (*(parameters.get("TransitiveTagKeys") or ()), *call.transitive_tags)
    if transitive:
        context["sts:TransitiveTagKeys"] = tuple(dict.fromkeys(transitive))
    return context


def _request(
    caller: Caller, action: str, arn: str, context: Mapping[str, ContextValue], role: Role | None = None
) -> Request:
    parsed = parse_arn(arn)
    account = parsed.account if parsed else caller.principal.account
    tags = role.tags if role else None
    return Request(caller.principal, action, Resource(arn, account, tags), {**caller.context, **context})


def _decide(caller: Caller, request: Request, role: Role | None = None) -> Decision:
    policies = caller.policies(role.trust, resource_control=role.resource_control) if role else caller.policies()
    return decide(request, policies, wording_for(request))


def _refuse(caller: Caller, call: StsCall, what: str) -> Decision:
    arn = str(call.parameters.get("RoleArn") or "*")
    return refuse_unsupported(_request(caller, f"sts:{call.operation}", arn, {}), what)
