"""LocalStack's STS with what it drops: session policies, the tie to the role, transitive tags, the real caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.sts.models import sts_stores
from localstack.services.sts.provider import StsProvider

from emulator.call import Call
from emulator.iam import identities
from emulator.sts import authorizer as sts
from emulator.sts import sessions
from emulator.sts.federation import Federated
from emulator.sts.sessions import Session, SessionKind
from plerion_kms.authorization.kinds import PolicyKind


class PatchedStsProvider(StsProvider):
    """Keeps each session that it issues in `emulator.sts.sessions`, where the gate finds it."""

    def get_caller_identity(self, context: RequestContext, **_: Any) -> Any:
        principal = context.call.resolved.caller.principal
        return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}

    def assume_role(self, context: RequestContext, **members: Any) -> Any:
        return self._assume(context.call, super().assume_role, context, members)

    def assume_role_with_web_identity(self, context: RequestContext, **members: Any) -> Any:
        call: Call = context.call
        answer = self._assume(call, super().assume_role_with_web_identity, context, members)
        if call.federated is not None:
            issuer = call.federated.caller.principal.arn.partition("/")[2]
            context_keys = call.federated.caller.context
            answer["Provider"] = call.federated.caller.principal.arn
            answer["SubjectFromWebIdentityToken"] = context_keys[f"{issuer}:sub"]
            answer["Audience"] = context_keys[f"{issuer}:aud"]
        return answer

    def assume_role_with_saml(self, context: RequestContext, **members: Any) -> Any:
        return self._assume(context.call, super().assume_role_with_saml, context, members)

    def _assume(
        self, call: Call, issue: Callable[..., Any], context: RequestContext, members: Mapping[str, Any]
    ) -> Any:
        found = sts.role(call)
        if found is None:  # only without enforcement
            return issue(context, **members)
        sts.check_duration(call, found)
        _check_policy_arns(call, found.account)
        identity = _source_identity(call)
        answer = issue(context, **members)
        inherited = call.resolved.session.transitive_tags if call.resolved.session else {}
        federated = call.federated or Federated(call.resolved.caller)
        session = Session(
            **_credentials(answer),
            kind=SessionKind.ROLE,
            arn=answer["AssumedRoleUser"]["Arn"],
            account=found.account,
            user_id=f"{found.identity.unique_id}:{answer['AssumedRoleUser']['Arn'].rpartition('/')[2]}",
            issuer_arn=found.identity.arn,
            issuer_id=found.identity.unique_id,
            tags=call.tags | inherited | dict(federated.tags),
            transitive=frozenset(
                (*(call.parameters.get("TransitiveTagKeys") or ()), *inherited, *federated.transitive)
            ),
            policies=_inline(call),
            policy_arns=_arns(call),
            context=identity | dict(federated.context),
        )
        answer["AssumedRoleUser"]["AssumedRoleId"] = session.user_id
        sts_stores[found.account][identities.IAM_REGION].credentials[session.access_key_id].user_id = session.user_id
        sessions.remember(session)
        if identity:
            answer["SourceIdentity"] = identity["aws:SourceIdentity"]
        return answer

    def get_federation_token(self, context: RequestContext, **members: Any) -> Any:
        call: Call = context.call
        _check_policy_arns(call, call.caller_account)
        answer = super().get_federation_token(context, **members)
        principal = call.resolved.caller.principal
        sessions.remember(
            Session(
                **_credentials(answer),
                kind=SessionKind.FEDERATED_USER,
                arn=answer["FederatedUser"]["Arn"],
                account=call.caller_account,
                user_id=answer["FederatedUser"]["FederatedUserId"],
                issuer_arn=principal.issuer_arn,
                issuer_id=principal.user_id,
                tags=call.tags,
                transitive=frozenset(call.tags),  # federation tags are always transitive
                policies=_inline(call),
                policy_arns=_arns(call),
            )
        )
        return answer

    def get_session_token(self, context: RequestContext, **members: Any) -> Any:
        call: Call = context.call
        answer = super().get_session_token(context, **members)
        principal = call.resolved.caller.principal
        credentials = _credentials(answer)
        kept = sts_stores[call.caller_account][identities.IAM_REGION].credentials[credentials["access_key_id"]]
        kept.arn, kept.user_id = principal.arn, principal.user_id  # LocalStack uses the root user for every caller
        sessions.remember(
            Session(
                **credentials,
                kind=SessionKind.SESSION_TOKEN,
                arn=principal.arn,
                account=call.caller_account,
                user_id=principal.user_id,
                issuer_arn=principal.issuer_arn,
                issuer_id=principal.user_id,
            )
        )
        return answer


def _credentials(answer: Mapping[str, Any]) -> dict[str, Any]:
    given = answer["Credentials"]
    return {
        "access_key_id": given["AccessKeyId"],
        "token": given["SessionToken"],
        "expires": given["Expiration"],
        "issued": datetime.now(UTC),
    }


def _inline(call: Call) -> tuple[str, ...] | None:
    policy = call.parameters.get("Policy")
    return None if policy is None else (policy,)


def _arns(call: Call) -> tuple[str, ...]:
    return tuple(descriptor["arn"] for descriptor in call.parameters.get("PolicyArns") or ())


def _source_identity(call: Call) -> dict[str, str]:
    """The source identity that the session carries: the caller's, or else the requested one."""
    identity = call.resolved.caller.context.get("aws:SourceIdentity") or call.parameters.get("SourceIdentity")
    return {"aws:SourceIdentity": str(identity)} if identity else {}


def _check_policy_arns(call: Call, account: str) -> None:
    for arn in _arns(call):
        if f":iam::{account}:policy/" not in arn and ":iam::aws:policy/" not in arn:
            raise CommonServiceException(
                "InvalidParameterValue",
                f"The managed policy {arn} is not in the account of the role.",
                sender_fault=True,
            )
        try:
            identities.managed_policy(account, arn, PolicyKind.SESSION)
        except identities.StoreError as error:
            raise CommonServiceException(
                "InvalidParameterValue", f"Provided policy ARN {arn} does not exist.", sender_fault=True
            ) from error
