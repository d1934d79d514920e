"""The decision: a pure function of a request and the policies that apply."""

from __future__ import annotations

from authorization.decision import Decision
from authorization.policies import Policies
from authorization.request import Request


def authorize(request: Request, policies: Policies) -> Decision:
    """Decide one permission. Total: it never raises on any document, and an internal error refuses."""
    raise NotImplementedError
