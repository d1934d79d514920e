"""One API call on its way through the gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localstack.aws.api import RequestContext

from emulator.caller import Resolved
from emulator.kms.keys import Found
from emulator.sts.federation import Federated


class ExternalRequestContext(RequestContext):
    """A request that came in through the server.

    LocalStack's calls to itself stay in memory and make plain RequestContexts: no header a client could send tells the
    two apart.
    """


@dataclass(slots=True)
class Call:
    """What the gate knows of a call, for the service's authorizer and for the mended providers.

    parameters: the request's members as boto3 takes them; the provider sees changes to them.
    keys: KMS keys by the role they play (as in the engine's KmsCall), None where there is no such key.
    federated: who an identity token or SAML assertion says the caller is.
    """

    context: RequestContext
    service: str
    operation: str
    parameters: dict[str, Any]
    region: str
    resolved: Resolved
    keys: dict[str, Found | None] = field(default_factory=dict)
    federated: Federated | None = None

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.resolved.caller.principal.account
