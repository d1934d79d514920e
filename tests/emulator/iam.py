"""IAM calls: which resource each works on, and the engine's decision by identity policy.

Source: Service Authorization Reference "Actions, resources, and condition keys for AWS IAM".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authorization.decision import Decision
from authorization.request import ContextValue, Resource
from emulator import errors, identities
from emulator.by_identity import decide, request_tags
from emulator.call import Call
from emulator.caller import Problem
from emulator.sessions import SessionKind

NAMED = (
    ("InstanceProfileName", "instance-profile"),
    ("GroupName", "group"),
    ("RoleName", "role"),
    ("UserName", "user"),
    ("ServerCertificateName", "server-certificate"),
)
ARN_MEMBERS = ("PolicyArn", "SAMLProviderArn", "OpenIDConnectProviderArn", "PolicySourceArn", "SerialNumber", "Arn")
SELF_BY_DEFAULT = frozenset(
    {
        "ChangePassword",
        "CreateAccessKey",
        "DeleteAccessKey",
        "GetUser",
        "ListAccessKeys",
        "ListMFADevices",
        "ListServiceSpecificCredentials",
        "ListSSHPublicKeys",
        "ListSigningCertificates",
        "UpdateAccessKey",
        "UploadSigningCertificate",
    }
)
WITHOUT_RESOURCE = frozenset({"SimulateCustomPolicy", "CreateServiceLinkedRole"})
PASSED_TO = {"AddRoleToInstanceProfile": "ec2.amazonaws.com"}


def authorize(call: Call) -> Decision:
    """Ask the engine for `iam:<operation>`, and for `iam:PassRole` where the call hands a role to a service."""
    session = call.resolved.session
    if session is not None and session.kind is not SessionKind.ROLE:
        # "You cannot call any IAM API operations" with these credentials unless MFA was used, which is not offered.
        raise errors.bad_credentials(Problem.UNKNOWN, "query")
    decision = decide(call, f"iam:{call.operation}", _resource(call), _context(call))
    if not decision.allowed or call.operation not in PASSED_TO:
        return decision
    arn = _named_arn(call, "role", call.parameters["RoleName"])
    context = {"iam:PassedToService": PASSED_TO[call.operation]}
    return decide(call, "iam:PassRole", Resource(arn, call.account, _tags(call, arn)), context)


def _resource(call: Call) -> Resource:
    arn = _arn(call)
    return Resource(arn, call.account, None if arn == "*" else _tags(call, arn))


def _arn(call: Call) -> str:
    parameters = call.parameters
    if call.operation in WITHOUT_RESOURCE:
        return "*"
    for member, kind in NAMED:
        if parameters.get(member):
            return _named_arn(call, kind, parameters[member])
    for member in ARN_MEMBERS:
        if parameters.get(member):
            return str(parameters[member])
    if call.operation == "CreatePolicy":
        return f"arn:aws:iam::{call.account}:policy{parameters.get('Path') or '/'}{parameters['PolicyName']}"
    if call.operation in SELF_BY_DEFAULT:
        return call.resolved.caller.principal.arn
    return "*"


def _named_arn(call: Call, kind: str, name: str) -> str:
    iam = identities.store(call.account)
    entity = {
        "role": lambda: _attribute(iam.ROLES.get(name), "role"),
        "user": lambda: _attribute(iam.USERS.get(name), "user"),
        "group": lambda: _attribute(iam.GROUPS.get(name), "group"),
        "instance-profile": lambda: _attribute(iam.INSTANCE_PROFILES.get(name), "instance_profile"),
        "server-certificate": lambda: _attribute(iam.SERVER_CERTIFICATES.get(name), "metadata"),
    }[kind]()
    if entity is not None and not call.operation.startswith("Create"):
        return str(entity["Arn"])
    path = call.parameters.get("Path") or "/"
    return f"arn:aws:iam::{call.account}:{kind}{path}{name}"


def _attribute(entity: Any, name: str) -> Mapping[str, Any] | None:
    return None if entity is None else getattr(entity, name)


def _tags(call: Call, arn: str) -> Mapping[str, str]:
    tags: Mapping[str, str] = identities.store(call.account).TAGS.get_tags(arn)
    return tags


def _context(call: Call) -> dict[str, ContextValue]:
    parameters = call.parameters
    context = request_tags(parameters)
    if parameters.get("PolicyArn") and call.operation.startswith(("Attach", "Detach")):
        context["iam:PolicyARN"] = parameters["PolicyArn"]
    boundary = parameters.get("PermissionsBoundary") or _present_boundary(call)
    if boundary:
        context["iam:PermissionsBoundary"] = boundary
    if parameters.get("AWSServiceName"):
        context["iam:AWSServiceName"] = parameters["AWSServiceName"]
    return context


def _present_boundary(call: Call) -> str:
    iam = identities.store(call.account)
    if "RoleName" in call.parameters:
        entity = _attribute(iam.ROLES.get(call.parameters["RoleName"]), "role")
    elif "UserName" in call.parameters:
        entity = _attribute(iam.USERS.get(call.parameters["UserName"]), "user")
    else:
        return ""
    return str(((entity or {}).get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", ""))
