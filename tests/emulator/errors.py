"""AWS's errors for what the gateway refuses, in the words of each protocol.

Source: plerion_kms/authorization/RULES.md "Error texts".
"""

from __future__ import annotations

from collections.abc import Iterable

from localstack.aws.api import CommonServiceException

from emulator.caller import Problem
from plerion_kms.authorization.decision import AwsError

_JSON = {
    Problem.MISSING: ("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
    Problem.MALFORMED: ("IncompleteSignatureException", 400, "Authorization header requires 'Credential' parameter."),
    Problem.UNKNOWN: ("UnrecognizedClientException", 400, "The security token included in the request is invalid."),
    Problem.EXPIRED: ("ExpiredTokenException", 400, "The security token included in the request is expired"),
}
_QUERY = {
    Problem.MISSING: ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    Problem.MALFORMED: ("IncompleteSignature", 400, "Authorization header requires 'Credential' parameter."),
    Problem.UNKNOWN: ("InvalidClientTokenId", 403, "The security token included in the request is invalid."),
    Problem.EXPIRED: ("ExpiredToken", 403, "The security token included in the request is expired"),
}


def from_decision(error: AwsError) -> CommonServiceException:
    """A refusal by the engine."""
    return CommonServiceException(error.code, error.message, status_code=error.status, sender_fault=True)


def bad_credentials(problem: Problem, protocol: str) -> CommonServiceException:
    """Credentials that AWS would not accept."""
    code, status, message = (_QUERY if protocol == "query" else _JSON)[problem]
    return CommonServiceException(code, message, status_code=status, sender_fault=True)


def check_tag_keys(tag_keys: Iterable[str], code: str) -> None:
    """Raise an error with this code for a tag key with the prefix that AWS reserves."""
    for tag_key in tag_keys:
        if tag_key.lower().startswith("aws:"):
            text = f"The tag key {tag_key} is not valid: keys that start with aws: are reserved."
            raise CommonServiceException(code, text, sender_fault=True)


def validation(message: str) -> CommonServiceException:
    """A member of the request that the service does not accept."""
    return CommonServiceException("ValidationError", message, sender_fault=True)


def access_denied(message: str, protocol: str) -> CommonServiceException:
    """A refusal for a reason that AWS does not know."""
    if protocol == "query":
        return CommonServiceException("AccessDenied", message, status_code=403, sender_fault=True)
    return CommonServiceException("AccessDeniedException", message, status_code=400, sender_fault=True)
