"""Judging: one verdict for each key, from the decisions about what Plerion's two roles do with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

from plerion_kms.audit.report import Answer, KeyReport, NearMiss, RoleAnswers, Verdict
from plerion_kms.audit.roles import Integration, Role
from plerion_kms.audit.snapshot import SavedKey
from plerion_kms.authorization.decision import Decision, Outcome, Source
from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.kms import authorize_permission
from plerion_kms.authorization.kms_call import Key, KmsCall
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
class Side:
    """What decides in one case.

    parsed: the compiled policy of a digest. resource_control: RCPs of the keys' account.
    """

    integration: Integration
    parsed: Parsed
    resource_control: tuple[tuple[Policy, ...], ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges keys for one integration.

    worst, best: everything that decides, with conditions on what the audit can't know (`unknown`) failing and holding.
    roles_read: whether the integration's roles could be read. uses_aliases: whether a policy asks for key aliases.
    answers: those given so far, so that equal ones are one object.
    alike: which keys are decided alike, with the text of their policy.
    """

    worst: Side
    best: Side
    answers: dict[RoleAnswers, RoleAnswers]
    alike: Callable[[SavedKey], Hashable]
    roles_read: bool = True
    uses_aliases: bool = False
    unknown: tuple[str, ...] = ()
    _judged: dict[Hashable, KeyReport] = field(default_factory=dict)

    @property
    def integration(self) -> Integration:
        return self.worst.integration

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
        plain = self._without_decision(saved)
        if plain is not None:
            verdict, reason = plain
            return replace(blank, verdict=verdict, reason=reason)
        kind = self.alike(saved)
        if kind not in self._judged:
            self._judged[kind] = self._decided(saved, blank)
        judged = self._judged[kind]
        return replace(
            blank,
            verdict=judged.verdict,
            reason=judged.reason,
            missing=judged.missing,
            missing_metadata=judged.missing_metadata,
            roles=judged.roles,
        )

    def _decided(self, saved: SavedKey, blank: KeyReport) -> KeyReport:
        key, best = self.engine_key(saved), self.engine_key(saved, self.best)
        grants_read = saved.grants is not None
        appliance = self._answers("appliance", APPLIANCE_ACTIONS, key, best, grants_read=grants_read)
        same_account = key.account == self.integration.account
        metadata = METADATA_ACTIONS if same_account else METADATA_ACROSS_ACCOUNTS
        access = self._answers("access", metadata, key, best, grants_read=grants_read)
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

    def engine_key(self, saved: SavedKey, side: Side | None = None) -> Key:
        """The key as the decision sees it; without a side in the worst case."""
        side = side or self.worst
        return Key(
            saved.arn,
            side.parsed(saved.policy),
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
                    source_arn=grant.source_arn or "",
                )
                for grant in saved.grants or ()
            ),
            resource_control=side.resource_control,
        )

    def answers_to(self, name: str, actions: tuple[str, ...], saved: SavedKey, *, direct: bool) -> dict[str, Answer]:
        """Permission -> answer, for a role (`appliance` or `access`) on a key. direct: as the role itself asks."""
        key, best = self.engine_key(saved), self.engine_key(saved, self.best)
        given = self._answers(name, actions, key, best, grants_read=saved.grants is not None, direct=direct)
        return dict(given.actions)

    def _answers(
        self,
        name: str,
        actions: tuple[str, ...],
        key: Key,
        best: Key,
        *,
        grants_read: bool = True,
        direct: bool = False,
    ) -> RoleAnswers:
        role: Role = getattr(self.worst.integration, name)
        hopeful: Role = getattr(self.best.integration, name)
        given = []
        for action in actions:
            found = answer(decide(role, action, key, direct=direct))
            doubt: tuple[str, ...] = ()
            refused = found.outcome is Outcome.REFUSED
            if refused and self.unknown and decide(hopeful, action, best, direct=direct).allowed:
                doubt = tuple(f"the condition key {name}" for name in self.unknown)
            elif refused and not grants_read:
                doubt = ("the key's grants, which could not be read",)
            given.append((action, replace(found, outcome=Outcome.UNDECIDED, unsupported=doubt) if doubt else found))
        answers = RoleAnswers(name, role.arn, tuple(given))
        return self.answers.setdefault(answers, answers)

    def _verdict(self, key: Key, appliance: RoleAnswers, missing: tuple[str, ...]) -> tuple[Verdict, str]:
        answers = dict(appliance.actions)
        undecided = [action for action, given in answers.items() if given.outcome is Outcome.UNDECIDED]
        if undecided:
            unsupported = "; ".join(dict.fromkeys(part for action in undecided for part in answers[action].unsupported))
            return Verdict.UNDECIDED, f"The decision depends on what the audit can't know or read: {unsupported}."
        if not missing:
            return Verdict.OPEN, "The appliance role may make every call of the mode statement."
        tagged = replace(key, tags={**_without_tag(key.tags), TAG: "Granted"})
        once_tagged = self._answers("appliance", APPLIANCE_ACTIONS, tagged, tagged)
        still_missing = _not_allowed(once_tagged)
        everything = len(missing) == len(APPLIANCE_ACTIONS)
        value = tag_of(key.tags)
        if everything and (value or "").lower() == "denied" and _decided_otherwise(appliance, once_tagged):
            rest = f", and without the tag {', '.join(still_missing)} would be refused" if still_missing else ""
            return Verdict.CLOSED_BY_TAG, f"The tag PlerionAccess = {value} closes the key{rest}."
        if everything and not still_missing:
            return Verdict.OPEN_ONCE_TAGGED, "The key opens once it is tagged PlerionAccess = Granted."
        if key.account != self.integration.account and everything:
            reason = (
                f"The key belongs to {key.account}: its key policy and the roles of {self.integration.account} must "
                "both allow."
            )
            return Verdict.OTHER_ACCOUNT, reason
        if not everything:
            return Verdict.PARTLY, f"The appliance role is missing {', '.join(missing)}."
        if len(still_missing) < len(APPLIANCE_ACTIONS):
            once = "Once the key is tagged PlerionAccess = Granted"
            return Verdict.PARTLY, f"{once}, the appliance role is missing {', '.join(still_missing)}."
        # A Deny by the tag hides what would refuse the calls without it.
        first = dict(once_tagged.actions)[missing[0]]
        if first.source == Source.KEY_POLICY.value:
            return (
                Verdict.NOT_DELEGATING,
                "The key policy neither delegates to the account nor names the appliance role.",
            )
        return Verdict.REFUSED, f"{first.reason[:1].upper()}{first.reason[1:]}."

    def _without_decision(self, key: SavedKey) -> tuple[Verdict, str] | None:
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
        if key.aliases is None and self.uses_aliases:
            unread.append("aliases")
        if not self.roles_read:
            return Verdict.UNREADABLE, f"The roles of the account {self.integration.account} could not be read."
        if unread:
            return Verdict.UNREADABLE, f"The {' and the '.join(unread)} could not be read."
        return None


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
    # Where the key policy delegates, the trace has the delegating statement as the key policy's.
    source = Source.KEY_POLICY if decision.source is Source.KEY_POLICY_DELEGATION else decision.source
    effect = "Allow" if decision.allowed else "Deny"
    matched = [
        trace for trace in decision.trace if trace.failure is None and trace.source is source and trace.effect == effect
    ]
    return Answer(
        decision.outcome,
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
                trace.failure.expected,
                trace.failure.actual,
            )
            for trace in decision.trace
            if trace.failure is not None
        ),
        unsupported=decision.unsupported,
    )


def tag_of(tags: Mapping[str, str] | None) -> str | None:
    """The value of PlerionAccess; the exact spelling of the tag's key first, else any."""
    name = tag_name(tags)
    return None if name is None else (tags or {})[name]


def tag_name(tags: Mapping[str, str] | None) -> str | None:
    """How the key of the tag PlerionAccess is spelled, the exact spelling first; None if the key is untagged."""
    found = [key for key in tags or () if key.lower() == TAG.lower()]
    return TAG if TAG in found else next(iter(found), None)


def _without_tag(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key.lower() != TAG.lower()}


def _not_allowed(answers: RoleAnswers) -> tuple[str, ...]:
    return tuple(action for action, given in answers.actions if given.outcome is not Outcome.ALLOWED)


def _decided_otherwise(before: RoleAnswers, after: RoleAnswers) -> bool:
    """Whether another policy, or another statement, decides one of the calls."""
    return any(
        (given.outcome, given.source, given.statement) != (then.outcome, then.source, then.statement)
        for (_, given), (_, then) in zip(before.actions, after.actions, strict=True)
    )
