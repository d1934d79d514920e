"""AWS's words for a refusal.

Source: IAM user guide "Troubleshoot access denied error messages"; RULES.md "Error texts".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.decision import AwsError, Source
from plerion_kms.authorization.request import Request

_UNREACHABLE = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)

_ARTICLES = {
    Source.IDENTITY: "an identity-based policy",
    Source.BOUNDARY: "a permissions boundary",
    Source.SESSION: "a session policy",
    Source.SERVICE_CONTROL: "a service control policy",
    Source.RESOURCE_CONTROL: "a resource control policy",
    Source.KEY_POLICY: "a resource-based policy",
    Source.TRUST_POLICY: "a resource-based policy",
    Source.ENDPOINT: "a VPC endpoint policy",
}

_NAMES = {source: article.partition(" ")[2] for source, article in _ARTICLES.items()}


class Refusal(Enum):
    """Why a request is refused, as far as AWS's texts distinguish it."""

    EXPLICIT = "explicit"
    """A policy denies, or no SCP or no RCP allows: AWS has the same text for both."""
    IMPLICIT = "implicit"
    """No policy of the kind allows."""
    UNREACHABLE = "unreachable"
    """The owner's side, seen from another account: missing and forbidden look the same."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How the text names the resource: ` on resource: ARN`, ` on the resource associated with this ciphertext` or
    nothing; unreachable: the same for a resource of another account that the caller may know nothing about."""

    resource: str
    unreachable: str = " on this resource"


def wording_for(request: Request) -> Wording:
    """The usual wording: the ARN, or `*`."""
    return Wording(f" on resource: {getattr(request.resource, 'arn', '')}")


CIPHERTEXT = Wording(
    " on the resource associated with this ciphertext", " on the resource associated with this ciphertext"
)
"""A key of another account that was found from the ciphertext alone."""

NO_RESOURCE = Wording("")
"""Permissions in addition to the main one, such as kms:TagResource in CreateKey."""


def access_denied(request: Request, refusal: Refusal, source: Source, wording: Wording, policy: str = "") -> AwsError:
    """The error of the service that the action belongs to. policy: the name of the policy that denies, shown if it is
    an ARN and of a kind that AWS shows (`unknowns.POLICY_ARNS_IN_DENIALS`)."""
    service, _, name = request.action.partition(":")
    service = service.lower()
    user = f"User: {request.principal.arn or 'anonymous'}"
    start = f"{user} is not authorized to perform: {request.action}"
    if service == "sts":
        return _sts_error(request, name, start)
    if refusal is Refusal.UNREACHABLE:
        text = f"{start}{wording.unreachable} {_UNREACHABLE}"
    elif refusal is Refusal.EXPLICIT:
        shown = policy.startswith("arn:") and source.value in unknowns.POLICY_ARNS_IN_DENIALS
        text = f"{start}{wording.resource} with an explicit deny in {_ARTICLES[source]}{f': {policy}' if shown else ''}"
    else:
        text = f"{start}{wording.resource} because no {_NAMES[source]} allows the {request.action} action"
    return _denied(service, text)


def unsupported_error(request: Request, what: str) -> AwsError:
    """The error where the engine does not know what AWS would do. The text is ours; code and status are AWS's. The
    request itself may be malformed, so its parts are read defensively."""
    service = str(request.action).partition(":")[0].lower()
    user = getattr(request.principal, "arn", "") or "anonymous"
    start = f"User: {user} is not authorized to perform: {request.action}"
    return _denied(service, f"{start}{wording_for(request).resource} because this is unsupported: {what}")


def _sts_error(request: Request, name: str, start: str) -> AwsError:
    # STS does not say which policy is missing: a role that does not exist looks like one that is forbidden.
    if name in ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"):
        return AwsError("AccessDenied", 403, f"Not authorized to perform {request.action}")
    return AwsError("AccessDenied", 403, f"{start} on resource: {request.resource.arn}")


def _denied(service: str, text: str) -> AwsError:
    """KMS and the tagging API speak JSON and answer 400; the others speak the query protocol and answer 403."""
    text = text.encode("utf-8", "backslashreplace").decode()
    if service in ("iam", "sts", "cloudformation"):
        return AwsError("AccessDenied", 403, text)
    return AwsError("AccessDeniedException", 400, text)
