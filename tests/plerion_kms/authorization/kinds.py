"""The kinds of policy document."""

from __future__ import annotations

from enum import StrEnum


class PolicyKind(StrEnum):
    """Where a document is used: it decides which elements are legal and how Principal is read."""

    __hash__ = str.__hash__  # an enumeration's own is computed in Python, for every document of every decision

    IDENTITY = "identity"
    KEY = "key"
    TRUST = "trust"
    SESSION = "session"
    BOUNDARY = "boundary"
    SERVICE_CONTROL = "service control"
    RESOURCE_CONTROL = "resource control"
    ENDPOINT = "VPC endpoint"
