"""One API call on its way through the gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localstack.aws.api import RequestContext

from emulator.caller import ResolvedCaller
from emulator.kms.keys import ResolvedKey
from emulator.sts.federation import Federated
from plerion_kms.authorization.kms_operations import On

NAME_LENGTH = 100
"""Characters of a name from a request that an error or the log repeats."""


class ExternalRequestContext(RequestContext):
    """A request that came in through the server.

    LocalStack's calls to itself stay in memory and make plain RequestContexts: no header that a client sends can turn
    one into the other.
    """


def name_of(context: RequestContext) -> str:
    """`service:operation`, as refusals and the log name a call; the request line if its service is not known."""
    if context.service is None:
        return f"{context.request.method} {context.request.path[:NAME_LENGTH]}"
    return f"{context.service.service_name}:{context.operation.name if context.operation else ''}"


@dataclass(slots=True)
class Call:
    """What the gate knows of a call, for the service's authorizer and for the patched providers.

    parameters: the request's members in the form of boto3; the provider sees changes to them.
    keys: KMS keys by the role they play (as in the engine's KmsCall); None if the key does not exist.
    federated: the caller that an identity token or SAML assertion names.
    """

    context: RequestContext
    service: str
    operation: str
    parameters: dict[str, Any]
    region: str
    resolved: ResolvedCaller
    keys: dict[On, ResolvedKey | None] = field(default_factory=dict)
    federated: Federated | None = None

    @property
    def caller_account(self) -> str:
        """The caller's account."""
        return self.resolved.caller.principal.account

    @property
    def tags(self) -> dict[str, str]:
        """The request's tags in the form of IAM, STS and CloudFormation; KMS has its own."""
        return {tag["Key"]: tag["Value"] for tag in self.parameters.get("Tags") or ()}
