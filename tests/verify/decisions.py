"""What the decision engine says about a call, from the policies, tags and grants as AWS shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.client import BaseClient

from harness.access.probes import CALLS, Target
from harness.aws.principals import Principal
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.decision import Decision
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms import authorize_call
from plerion_kms.authorization.kms_call import Key, KmsCall
from plerion_kms.authorization.kms_operations import OPERATIONS
from plerion_kms.authorization.policies import Grant
from plerion_kms.authorization.request import Principal as Requester
from plerion_kms.authorization.request import PrincipalType
from plerion_kms.authorization.session_tags import session_principal_tags
from verify.cloud import AwsPrincipal
from verify.stage import AwsStage


class _RecordedError(Exception):
    """What a call would have sent. method: of the client; members: its parameters."""

    def __init__(self, method: str, members: Mapping[str, Any]) -> None:
        super().__init__(method)
        self.method = method
        self.members = members


class _Recorder:
    """In place of a client: raises what it is called with."""

    def __getattr__(self, method: str) -> Callable[..., None]:
        def record(**members: Any) -> None:
            raise _RecordedError(method, members)

        return record


def recorded(call: Callable[[Any], Any], client: BaseClient) -> tuple[str, dict[str, Any]]:
    """The operation's name and the parameters of the first call that `call` makes with a client."""
    try:
        call(_Recorder())
    except _RecordedError as found:
        return client.meta.method_to_api_mapping[found.method], dict(found.members)
    raise ValueError("the function makes no call")


@dataclass
class Engine:
    """Decides from what it reads. Roles and keys are read once; `forget` has them read again."""

    stage: AwsStage
    _callers: dict[str, Caller] = field(default_factory=dict)
    _keys: dict[str, Key] = field(default_factory=dict)

    def forget(self) -> None:
        """To be called after a change."""
        self._callers.clear()
        self._keys.clear()

    def on_probe(self, principal: Principal, target: Target, name: str) -> Decision:
        """The decision about a call of the access files."""
        return self.on_call(principal, lambda kms: CALLS[name](kms, target), target.key.arn)

    def on_call(self, principal: Principal, call: Callable[[Any], Any], ciphertext_of: str) -> Decision:
        """The decision about any call that names its keys by ARN. ciphertext_of: the key whose ciphertext it sends, for
        a call that names none."""
        operation, members = recorded(call, principal.client("kms"))
        keys: dict[str, Key | None] = {}
        for role, member in OPERATIONS[operation].keys.items():
            named = members.get(member) or ciphertext_of
            keys[role.value] = self.key(named)
        ciphertext_only = not any(members.get(member) for member in OPERATIONS[operation].keys.values())
        grants = self.key(ciphertext_of).grants
        grant = next((grant for grant in grants if grant.grant_id == members.get("GrantId")), None)
        region = ciphertext_of.split(":")[3]
        asked = KmsCall(operation, members, region, principal.account, keys, ciphertext_only, grant)
        return authorize_call(self.caller(principal), asked)

    def caller(self, principal: Principal) -> Caller:
        """The engine's view of a session."""
        assert isinstance(principal, AwsPrincipal)
        # Sessions of one role share their ARN, whatever tags and policy each was started with.
        session = json.dumps([principal.arn, dict(principal.tags), principal.policy])
        if session not in self._callers:
            self._callers[session] = self._read_caller(principal)
        return self._callers[session]

    def _read_caller(self, principal: AwsPrincipal) -> Caller:
        account = self.stage.integration if principal.account == self.stage.integration.id else self.stage.other
        iam = account.root.client("iam")
        name = principal.role_arn.rpartition("/")[2]
        role = iam.get_role(RoleName=name)["Role"]
        inline = [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        identity = (*inline, *(_managed(iam, policy["PolicyArn"]) for policy in attached))
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}
        return Caller(
            Requester(
                PrincipalType.ROLE_SESSION,
                principal.arn,
                principal.account,
                issuer_arn=principal.role_arn,
                user_id=f"{role['RoleId']}:{principal.arn.rpartition('/')[2]}",
                tags=session_principal_tags(tags, principal.tags, {}),
            ),
            identity=tuple(_policy(document, PolicyKind.IDENTITY) for document in identity),
            boundary=_policy(_managed(iam, boundary), PolicyKind.BOUNDARY) if boundary else None,
            session=None if principal.policy is None else (_policy(principal.policy, PolicyKind.SESSION),),
            context={"aws:SecureTransport": "true"},
        )

    def key(self, arn: str) -> Key:
        """The engine's view of a key."""
        if arn not in self._keys:
            self._keys[arn] = self._read_key(arn)
        return self._keys[arn]

    def _read_key(self, arn: str) -> Key:
        owner = next(each for each in self.stage.key_administrators if each.account == arn.split(":")[4])
        kms = owner.in_region(arn.split(":")[3]).client("kms")
        metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
        policy = kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
        tags = kms.list_resource_tags(KeyId=arn).get("Tags", ())
        grants = kms.list_grants(KeyId=arn)["Grants"]
        return Key(
            arn,
            parse_policy(policy, PolicyKind.KEY, "key policy"),
            {tag["TagKey"]: tag["TagValue"] for tag in tags},
            aliases=tuple(alias["AliasName"] for alias in kms.list_aliases(KeyId=arn)["Aliases"]),
            spec=metadata["KeySpec"],
            usage=metadata["KeyUsage"],
            origin=metadata["Origin"],
            grants=tuple(_grant(arn, grant) for grant in grants),
            aws_managed=metadata["KeyManager"] == "AWS",
        )


def _managed(iam: Any, arn: str) -> Any:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _policy(document: Any, kind: PolicyKind) -> Policy:
    return parse_policy(json.dumps(document), kind, kind.value)


def _grant(arn: str, grant: Mapping[str, Any]) -> Grant:
    constraints = grant.get("Constraints") or {}
    issuer = grant.get("IssuingAccount", "")
    return Grant(
        grant["GrantId"],
        arn,
        grant.get("GranteePrincipal", ""),
        tuple(grant["Operations"]),
        issuer.split(":")[4] if issuer.startswith("arn:") else issuer,
        grant.get("RetiringPrincipal", ""),
        constraints.get("EncryptionContextEquals"),
        constraints.get("EncryptionContextSubset"),
    )
