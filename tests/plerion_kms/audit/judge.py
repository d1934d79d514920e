"""Judging: one verdict for each key, from the decisions about what Plerion's two roles do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from plerion_kms.audit.report import Answer, KeyReport, NearMiss, Outcome, RoleAnswers, Verdict
from plerion_kms.audit.roles import Integration, Role
from plerion_kms.audit.snapshot import SavedKey
from plerion_kms.authorization.decision import Decision, Source
from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.kms import Key, KmsCall, authorize_permission
from plerion_kms.authorization.kms_operations import OPERATIONS, On, Permission
from plerion_kms.authorization.policies import Grant

TAG = "PlerionAccess"

APPLIANCE_ACTIONS = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:DescribeKey",
    "kms:CreateGrant",
)
"""What the guide's mode statement lists, its wildcards written out."""

FOR_EBS = frozenset({"kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"})
"""EC2 makes these calls for the appliance when it creates and attaches volumes, and they are judged as EC2 makes them.
Source: EC2 user guide "Amazon EBS encryption"."""

METADATA_ACTIONS = (
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
)
METADATA_ACROSS_ACCOUNTS = ("kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:ListGrants")
"""KMS offers the others to no other account (KMS API reference, "Cross-account use")."""

_PERMISSIONS: Mapping[str, tuple[str, Permission]] = {
    permission.action: (operation.name, permission)
    for operation in OPERATIONS.values()
    for permission in operation.permissions
    if permission.on in (On.KEY, On.SOURCE, On.DESTINATION)
}

type Parsed = Callable[[str | None], Policy]
"""From a digest to the compiled key policy."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges keys for one integration.

    parsed: the compiled policy of a digest.
    resource_control: RCPs of the keys' account.
    answers: those given so far, so that equal ones are one object.
    """

    integration: Integration
    parsed: Parsed
    resource_control: tuple[tuple[Policy, ...], ...]
    answers: dict[RoleAnswers, RoleAnswers]

    def key(self, saved: SavedKey) -> KeyReport:
        """The verdict on a key, with the reason in a sentence and the answers that it follows from."""
        blank = KeyReport(
            saved.arn,
            Verdict.UNREADABLE,
            "",
            aliases=saved.aliases or (),
            tag=tag_of(saved.tags),
            policy=saved.policy,
        )
        plain = _without_decision(saved)
        if plain is not None:
            verdict, reason = plain
            return replace(blank, verdict=verdict, reason=reason)
        key = self.engine_key(saved)
        appliance = self._answers("appliance", self.integration.appliance, APPLIANCE_ACTIONS, key)
        same_account = key.account == self.integration.account
        metadata = METADATA_ACTIONS if same_account else METADATA_ACROSS_ACCOUNTS
        access = self._answers("access", self.integration.access, metadata, key)
        missing = _not_allowed(appliance)
        verdict, reason = self._verdict(key, appliance, missing)
        return replace(
            blank,
            verdict=verdict,
            reason=reason,
            missing=missing,
            missing_metadata=_not_allowed(access),
            roles=(appliance, access),
        )

    def engine_key(self, saved: SavedKey) -> Key:
        """The key as the decision sees it."""
        return Key(
            saved.arn,
            self.parsed(saved.policy),
            tags=saved.tags or {},
            aliases=saved.aliases or (),
            spec=saved.spec or "",
            usage=saved.usage or "",
            origin=saved.origin or "",
            multi_region=bool(saved.multi_region_type),
            multi_region_type=saved.multi_region_type,
            grants=tuple(
                Grant(
                    grant.grant_id,
                    saved.arn,
                    grant.grantee,
                    grant.operations,
                    grant.issuing_account,
                    retiring=grant.retiring,
                    equals=grant.equals,
                    subset=grant.subset,
                )
                for grant in saved.grants or ()
            ),
            resource_control=self.resource_control,
        )

    def _answers(self, name: str, role: Role, actions: tuple[str, ...], key: Key) -> RoleAnswers:
        found = RoleAnswers(name, role.arn, tuple((action, answer(decide(role, action, key))) for action in actions))
        return self.answers.setdefault(found, found)

    def _verdict(self, key: Key, appliance: RoleAnswers, missing: tuple[str, ...]) -> tuple[Verdict, str]:
        answers = dict(appliance.actions)
        undecided = [action for action, given in answers.items() if given.outcome is Outcome.UNDECIDED]
        if undecided:
            unsupported = "; ".join(dict.fromkeys(part for action in undecided for part in answers[action].unsupported))
            return Verdict.UNDECIDED, f"The decision depends on what the engine does not support: {unsupported}."
        if not missing:
            return Verdict.OPEN, "The appliance role may make every call of the mode statement."
        tagged = replace(key, tags={**_without_tag(key.tags), TAG: "Granted"})
        once_tagged = _not_allowed(self._answers("appliance", self.integration.appliance, APPLIANCE_ACTIONS, tagged))
        if len(missing) == len(APPLIANCE_ACTIONS) and len(once_tagged) < len(missing):
            value = tag_of(key.tags)
            rest = f", but for {', '.join(once_tagged)}" if once_tagged else ""
            if (value or "").lower() == "denied":
                return Verdict.CLOSED_BY_TAG, f"The tag PlerionAccess = {value} closes the key{rest}."
            if not once_tagged:
                return Verdict.OPEN_ONCE_TAGGED, "The key opens once it is tagged PlerionAccess = Granted."
        if key.account != self.integration.account and len(missing) == len(APPLIANCE_ACTIONS):
            reason = (
                f"The key belongs to {key.account}: its key policy and the roles of {self.integration.account} must "
                "both allow."
            )
            return Verdict.OTHER_ACCOUNT, reason
        if len(missing) < len(APPLIANCE_ACTIONS) or len(once_tagged) < len(APPLIANCE_ACTIONS):
            return Verdict.PARTLY, f"The appliance role is missing {', '.join(missing)}."
        first = answers[missing[0]]
        if first.source == Source.KEY_POLICY.value:
            return (
                Verdict.NOT_DELEGATING,
                "The key policy neither delegates to the account nor names the appliance role.",
            )
        return Verdict.REFUSED, f"{first.reason[:1].upper()}{first.reason[1:]}."


def decide(role: Role, action: str, key: Key, *, direct: bool = False) -> Decision:
    """The decision about one permission.

    What EC2 does for the appliance is asked for as EC2 asks; direct: as the role itself asks.
    """
    operation, permission = _PERMISSIONS[action]
    region = key.arn.split(":")[3]
    caller = role.caller
    if action in FOR_EBS and not direct:
        service = {"kms:ViaService": f"ec2.{region}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
        caller = replace(caller, context={**caller.context, **service})
    # Both halves of ReEncrypt are asked for on this one key.
    keys = {permission.on.value: key}
    call = KmsCall(operation, {"KeyId": key.arn}, region, caller.principal.account, keys)
    return authorize_permission(caller, call, permission)


def answer(decision: Decision) -> Answer:
    """A decision as the report has it."""
    outcome = Outcome.ALLOWED if decision.allowed else Outcome.REFUSED
    unsupported: tuple[str, ...] = ()
    if decision.source is Source.NOT_UNDERSTOOD:
        outcome, unsupported = Outcome.UNDECIDED, (decision.reason,)
    matched = [
        trace for trace in decision.trace if trace.failure is None and trace.source.value == decision.source.value
    ]
    return Answer(
        outcome,
        decision.source.value,
        decision.reason,
        statement=matched[0].statement if matched else "",
        near_misses=tuple(
            NearMiss(
                trace.source.value,
                trace.policy,
                trace.statement,
                trace.effect,
                trace.failure.operator,
                trace.failure.key,
                trace.failure.wanted,
                trace.failure.seen,
            )
            for trace in decision.trace
            if trace.failure is not None
        ),
        unsupported=unsupported,
    )


def tag_of(tags: Mapping[str, str] | None) -> str | None:
    """The value of PlerionAccess; the exact spelling of the tag's key first, else any."""
    found = {key: value for key, value in (tags or {}).items() if key.lower() == TAG.lower()}
    return found.get(TAG, next(iter(found.values()), None))


def _without_tag(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key.lower() != TAG.lower()}


def _not_allowed(answers: RoleAnswers) -> tuple[str, ...]:
    return tuple(action for action, given in answers.actions if given.outcome is not Outcome.ALLOWED)


def _without_decision(key: SavedKey) -> tuple[Verdict, str] | None:
    """The verdict on a key about which nothing has to be decided."""
    if key.state is None:
        return Verdict.UNREADABLE, "The key could not be described."
    if key.manager == "AWS":
        return Verdict.AWS_MANAGED, "AWS manages the key and its policy; it cannot be tagged."
    if key.state != "Enabled":
        return Verdict.UNUSABLE, f"The key is in the state {key.state}."
    if (key.spec, key.usage) != ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"):
        return (
            Verdict.UNUSABLE,
            f"The key is of the spec {key.spec} for {key.usage}.",
        )
    unread = [name for name, value in (("key policy", key.policy), ("tags", key.tags)) if value is None]
    if unread:
        return Verdict.UNREADABLE, f"The {' and the '.join(unread)} could not be read."
    return None
