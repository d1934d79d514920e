"""The caller with everything that follows it from call to call: what the emulator finds out from credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.policies import Grant, Policies
from plerion_kms.authorization.request import ContextValue, Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal and the caller-side policies (fields as in `Policies`), the VPC endpoint's among them.

    context: context keys of the credentials and the connection (`aws:SourceIp`, `aws:UserAgent`,
        `aws:TokenIssueTime`, `aws:SourceIdentity`, `aws:FederatedProvider`, `aws:MultiFactorAuthPresent` ...).
    """

    principal: Principal
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    service_control: tuple[tuple[Policy, ...], ...] = ()
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    endpoint: Policy | None = None

    def policies(
        self,
        resource: Policy | None = None,
        grants: tuple[Grant, ...] = (),
        resource_control: tuple[tuple[Policy, ...], ...] = (),
    ) -> Policies:
        """All that applies to a request: the caller's side, and the owner's as given."""
        return Policies(
            identity=self.identity,
            boundary=self.boundary,
            session=self.session,
            resource=resource,
            grants=grants,
            service_control=self.service_control,
            resource_control=resource_control,
            endpoint=self.endpoint,
        )
