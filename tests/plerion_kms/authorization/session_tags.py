"""Session tags: their limits, and the tags of a new session.

Source: IAM user guide "Pass session tags in AWS STS"; RULES.md "STS".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plerion_kms.authorization.decision import AwsError

MAX_TAGS = 50
MAX_KEY = 128
MAX_VALUE = 256


def read_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The `Tags` member (a list of Key and Value) as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in parameters.get("Tags") or ()}


def validate_session_tags(parameters: Mapping[str, Any], transitive: Mapping[str, str]) -> AwsError | None:
    """STS's error for session tags that are too many, too long, or twice there; for a transitive key that is not among
    them; and for a tag that the caller's session passes on and that must not be changed. None if all is well."""
    tags: Sequence[Mapping[str, str]] = parameters.get("Tags") or ()
    if len(tags) > MAX_TAGS:
        return _invalid(f"1 validation error detected: a session has at most {MAX_TAGS} tags, not {len(tags)}")
    seen: set[str] = set()
    passed_on = {key.lower() for key in transitive}
    for tag in tags:
        key, value = tag["Key"], tag["Value"]
        if not 1 <= len(key) <= MAX_KEY:
            return _invalid(f"1 validation error detected: a tag key has 1 to {MAX_KEY} characters")
        if len(value) > MAX_VALUE:
            return _invalid(f"1 validation error detected: a tag value has at most {MAX_VALUE} characters")
        if key.lower() in seen:
            return AwsError(
                "InvalidParameterValue",
                400,
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            )
        if key.lower() in passed_on:
            return AwsError(
                "InvalidParameterValue",
                400,
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
                "from the calling session.",
            )
        seen.add(key.lower())
    missing = [key for key in parameters.get("TransitiveTagKeys") or () if key.lower() not in seen | passed_on]
    if missing:
        return AwsError(
            "InvalidParameterValue", 400, "The specified transitive tag key must be included in the requested tags."
        )
    return None


def session_principal_tags(
    role: Mapping[str, str], passed: Mapping[str, str], transitive: Mapping[str, str]
) -> dict[str, str]:
    """The principal tags of a session: the role's, then those passed, then the transitive ones, each overriding
    those before their keys compared case-insensitively."""
    tags: dict[str, str] = {}
    for layer in (role, passed, transitive):
        for key, value in layer.items():
            for earlier in [name for name in tags if name.lower() == key.lower()]:
                del tags[earlier]
            tags[key] = value
    return tags


def _invalid(text: str) -> AwsError:
    return AwsError("ValidationError", 400, text)
