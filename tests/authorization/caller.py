"""The caller with everything that follows it from call to call: what the emulator finds out from credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from authorization.documents import Policy
from authorization.request import ContextValue, Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal and the caller-side policies (fields as in `Policies`).

    context: context keys of the credentials and the connection (`aws:SourceIp`, `aws:UserAgent`,
        `aws:TokenIssueTime`, `aws:SourceIdentity`, `aws:FederatedProvider`, `aws:MultiFactorAuthPresent` ...).
    """

    principal: Principal
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    service_control: tuple[tuple[Policy, ...], ...] = ()
    context: Mapping[str, ContextValue] = field(default_factory=dict)
