"""The decision: a pure function of a request and the policies that apply.

What is unsupported in a policy is read both ways: the decision is undecided only where the two readings differ.

Source: IAM user guide "Policy evaluation logic", "Cross-account policy evaluation logic"; KMS developer guide "Key
policies in AWS KMS"; authorization.md "Policy evaluation".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.arn import parse_arn
from plerion_kms.authorization.decision import AwsError, Decision, Source, StatementTrace
from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.errors import NotUnderstoodError
from plerion_kms.authorization.evaluation import Asked, Match, Reading, read_policies, trace_policies
from plerion_kms.authorization.grants import matching_grants, right_to_retire
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms_operations import CROSS_ACCOUNT_PERMISSIONS, PERMISSIONS
from plerion_kms.authorization.messages import Refusal, Wording, access_denied, not_understood, wording_for
from plerion_kms.authorization.policies import Grant, Policies
from plerion_kms.authorization.principals import Named
from plerion_kms.authorization.request import PrincipalType, Request

NEEDS_NO_PERMISSION = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
"""Actions that every holder of credentials may use and no policy controls. Source: STS API reference."""

_WITHOUT_POLICIES = (PrincipalType.SERVICE, PrincipalType.WEB_IDENTITY, PrincipalType.SAML)
"""Callers that have no policies of their own: the resource policy alone decides."""


def authorize(request: Request, policies: Policies) -> Decision:
    """Decide one permission. Total: it never raises on any document, and an internal error refuses."""
    return decide(request, policies)


def authorize_caller_side(request: Request, policies: Policies) -> Decision:
    """As `authorize`, but without a resource policy, even for a resource that always has one: what the caller's
    policies say by themselves. For IAM's policy simulator only."""
    return decide(request, replace(policies, resource=None), caller_side_only=True)


def decide(
    request: Request, policies: Policies, wording: Wording | None = None, *, caller_side_only: bool = False
) -> Decision:
    """As `authorize`, with the words that the error has for the resource (default: the usual ones)."""
    try:
        return _Evaluation(request, policies, wording, caller_side_only).decide()
    except NotUnderstoodError as problem:
        return refuse_not_understood(request, str(problem))
    except Exception as error:  # an error of ours must never become an allow, nor a crash of the caller
        return refuse_not_understood(request, f"the request or a policy: {type(error).__name__} while deciding")


def refuse_not_understood(request: Request, *what: str, trace: Callable[[], Trace] = tuple) -> Decision:
    """The undecided answer to a request about which something is unsupported; `what` names it."""
    names = tuple(name.encode("utf-8", "backslashreplace").decode() for name in what)
    text = "; ".join(names)
    error = not_understood(request, text)
    return Decision(False, Source.NOT_UNDERSTOOD, f"not understood: {text}", error, trace, names)


type Trace = tuple[StatementTrace, ...]


class _Readings:
    """What each kind of policy says. every: in the order in which an explicit Deny is reported, identity before
    resource. boundary, session, resource: None where the request has no such policy."""

    __slots__ = ("boundary", "every", "identity", "resource", "session")

    def __init__(self, every: list[Reading]) -> None:
        self.every = every
        self.identity = every[0]
        self.boundary: Reading | None = None
        self.session: Reading | None = None
        self.resource: Reading | None = None
        for reading in every:
            if reading.source is Source.BOUNDARY:
                self.boundary = reading
            elif reading.source is Source.SESSION:
                self.session = reading
            elif reading.source in (Source.KEY_POLICY, Source.TRUST_POLICY):
                self.resource = reading

    def doubts(self, *effects: bool) -> list[Match]:
        """The doubtful statements that would change what the policies say. effects: True for Allow, False for Deny."""
        return [match for reading in self.every for match in reading.doubts(*effects)]

    def at_most(self) -> _Readings:
        """The same if every doubtful Allow matches and no doubtful Deny does."""
        return _Readings([reading.at_most() for reading in self.every])


_MUST_ALLOW = (
    (Source.RESOURCE_CONTROL, Refusal.EXPLICIT),
    (Source.SERVICE_CONTROL, Refusal.EXPLICIT),
    (Source.ENDPOINT, Refusal.IMPLICIT),
)
"""The sources that give nothing and that must all allow, in the order in which they are named, and AWS's word for one
that does not."""


class _Evaluation:
    def __init__(self, request: Request, policies: Policies, wording: Wording | None, caller_side_only: bool) -> None:
        self.caller_side_only = caller_side_only
        self.request = request
        self.policies = policies
        self.wording = wording
        self.asked = Asked.of(request, bounded=policies.boundary is not None)
        self.caller = request.principal
        self.foreign = request.principal.account != request.resource.account

    def decide(self) -> Decision:
        action = self.asked.action
        if action in NEEDS_NO_PERMISSION and self.caller.type is not PrincipalType.ANONYMOUS:
            return Decision(True, Source.IDENTITY, f"{self.request.action} needs no permission")
        if action.count(":") != 1:
            raise NotUnderstoodError(f"the action {self.request.action!r}")
        if action.startswith("kms:") and action not in PERMISSIONS:
            raise NotUnderstoodError(f"the KMS permission {self.request.action!r}")

        readings = _Readings([read_policies(source, given, self.asked) for source, given in self._policies()])
        doubtful = False
        for reading in readings.every:
            if reading.denying is not None:
                return self._deny(reading.source, reading.denying)
            doubtful = doubtful or bool(reading.doubtful)
        decision = self._decide(readings)
        return self._read_both_ways(readings, decision) if doubtful else decision

    def _read_both_ways(self, readings: _Readings, decision: Decision) -> Decision:
        """The decision, which left the doubtful statements out, if it is the same with them; else undecided. A doubtful
        Deny can only take an allow away, a doubtful Allow can only give one."""
        if decision.allowed:
            doubts = readings.doubts(False)
        else:
            doubts = readings.doubts(True, False) if self._decide(readings.at_most()).allowed else []
        if not doubts:
            return decision
        found: dict[str, dict[str, None]] = {}
        for match in doubts:
            place = ", ".join(filter(None, (match.policy, match.statement.label)))
            found.setdefault(place, {}).update(dict.fromkeys(match.unsupported))
        names = [f"{place}: {'; '.join(parts)}" for place, parts in found.items()]
        return refuse_not_understood(self.request, *names, trace=self._trace)

    def _policies(self) -> Iterator[tuple[Source, Iterable[Policy]]]:
        """The policies of each source, in the order in which an explicit Deny is reported; those that must all allow
        one level at a time."""
        policies = self.policies
        yield Source.IDENTITY, policies.identity
        if policies.boundary is not None:
            yield Source.BOUNDARY, (policies.boundary,)
        if policies.session is not None:
            yield Source.SESSION, policies.session
        limited = ":role/aws-service-role/" not in self.caller.issuer_arn
        if limited:
            for level in policies.service_control:
                yield Source.SERVICE_CONTROL, level
        if policies.endpoint is not None:
            yield Source.ENDPOINT, (policies.endpoint,)
        if policies.resource is not None:
            trust = policies.resource.kind is PolicyKind.TRUST
            yield Source.TRUST_POLICY if trust else Source.KEY_POLICY, (policies.resource,)
        # An RCP controls neither kms:RetireGrant (KMS developer guide "Resource control policies") nor who assumes a
        # service-linked role (AWS Organizations user guide "Resource control policies").
        controls = policies.resource_control if limited and self.asked.action != "kms:retiregrant" else ()
        if controls and ":role/aws-service-role/" not in self.request.resource.arn:
            for level in controls:
                yield Source.RESOURCE_CONTROL, level

    def _decide(self, readings: _Readings) -> Decision:
        """The decision where no Deny matches."""
        for source, refusal in _MUST_ALLOW:
            for reading in readings.every:
                if reading.source is source and reading.allowing is None:
                    return self._refuse(refusal, source, f"no {source.value} allows it")
        if self._needs_resource_policy():
            return self._decide_by_resource(readings)
        return self._decide_by_caller(readings, Source.IDENTITY, str)

    def _needs_resource_policy(self) -> bool:
        """Whether the resource has a policy that must allow: a key or a role to be assumed always has one, so that a
        missing one refuses."""
        if self.policies.resource is not None or self.caller_side_only:
            return not self.caller_side_only
        arn = parse_arn(self.request.resource.arn)
        if arn is None:
            return False
        return (arn.service == "kms" and arn.rest.startswith("key/")) or (
            self.asked.action.startswith("sts:") and arn.rest.startswith("role/")
        )

    # What the caller's side says

    def _missing(self, readings: _Readings, *, identity: bool = True) -> Source | None:
        """The first of identity, boundary and session policies that does not allow; None if all do."""
        is_root = self.caller.type is PrincipalType.ACCOUNT_ROOT
        if identity and not is_root and readings.identity.allowing is None:
            return Source.IDENTITY
        for reading in (readings.boundary, readings.session):
            if reading is not None and reading.allowing is None:
                return reading.source
        return None

    def _decide_by_caller(self, readings: _Readings, source: Source, agreed: Callable[[], str]) -> Decision:
        """The caller's own policies decide; the resource, if it has a policy, has agreed (`source`; `agreed` begins the
        reason)."""
        if not self.caller.account:
            return self._refuse(
                Refusal.IMPLICIT, Source.IDENTITY, lambda: f"{agreed()}the caller has no identity-based policies"
            )
        missing = self._missing(readings)
        if missing is not None:
            return self._refuse(Refusal.IMPLICIT, missing, lambda: f"{agreed()}no {missing.value} allows it")
        allowing = readings.identity.allowing
        if allowing is not None:
            return self._allow(source, lambda: agreed() + _because(Source.IDENTITY, allowing))
        source = Source.ACCOUNT_ROOT if source is Source.IDENTITY else source
        return self._allow(source, lambda: f"{agreed()}the account root user may do everything in its account")

    # What the owner's side says

    def _decide_by_resource(self, readings: _Readings) -> Decision:
        resource = readings.resource
        if self.asked.action == "kms:retiregrant":
            return self._decide_retiring(readings)
        if self.foreign and self.caller.type not in _WITHOUT_POLICIES and self._works_in_one_account_only():
            return self._refuse(
                Refusal.UNREACHABLE, Source.NOT_SUPPORTED, f"{self.request.action} does not work across accounts"
            )
        if resource is None or resource.allowing is None:
            decision = self._refuse_by_owner(resource)
        elif self.caller.type in _WITHOUT_POLICIES:
            decision = self._allow_by(resource.source, resource.allowing)
        elif self.foreign:
            decision = self._decide_across_accounts(readings, resource.source, resource.allowing)
        else:
            decision = self._decide_in_account(readings, resource.source, resource.allowing)
        if decision.allowed or not self.policies.grants:
            return decision
        return self._decide_by_grant(readings) or decision

    def _works_in_one_account_only(self) -> bool:
        return self.asked.action.startswith("kms:") and self.asked.action not in CROSS_ACCOUNT_PERMISSIONS

    def _decide_in_account(self, readings: _Readings, source: Source, allowing: Match) -> Decision:
        """authorization.md "Which implicit denies a key-policy Allow overrides", row by row."""
        if allowing.named is Named.SELF:
            return self._allow_by(source, allowing)
        if allowing.named is Named.ROLE:
            missing = self._missing(readings, identity=False)
            if missing is None:
                return self._allow_by(source, allowing)
            return self._refuse(
                Refusal.IMPLICIT,
                missing,
                lambda: f"the {source.value} names the role, but no {missing.value} allows it",
            )
        return self._decide_by_caller(
            readings, _delegation(source), lambda: f"{_because(source, allowing)} delegates to the account; "
        )

    def _decide_across_accounts(self, readings: _Readings, source: Source, allowing: Match) -> Decision:
        """Both sides must allow, however the owner's policy names the caller."""
        return self._decide_by_caller(
            readings,
            _delegation(source) if allowing.named is Named.ACCOUNT else source,
            lambda: f"{_because(source, allowing)} allows the other account's caller; ",
        )

    def _decide_by_grant(self, readings: _Readings) -> Decision | None:
        """An Allow by a grant, or None. authorization.md "Grants"."""
        for grant, named in matching_grants(self.policies.grants, self.request, self.asked.context):
            if self._grant_suffices(readings, named, trusted=self._trusted(grant)):
                return self._allow(Source.GRANT, f"grant {grant.grant_id!r} allows it")
        return None

    def _decide_retiring(self, readings: _Readings) -> Decision:
        """kms:RetireGrant comes from the grant that is to be retired; an Allow in a policy alone gives nothing."""
        for grant in self.policies.grants:
            named = right_to_retire(grant, self.caller)
            if named is not None and self._grant_suffices(readings, named, trusted=True):
                return self._allow(Source.GRANT, f"grant {grant.grant_id!r} may be retired by the caller")
        refusal = Refusal.UNREACHABLE if self.foreign else Refusal.IMPLICIT
        return self._refuse(refusal, Source.KEY_POLICY, "the grant may not be retired by the caller")

    def _grant_suffices(self, readings: _Readings, named: Named, *, trusted: bool) -> bool:
        if (named is Named.ACCOUNT or not trusted) and self._missing(readings) is not None:
            return False
        limits = (
            (readings.boundary, unknowns.BOUNDARY_LIMITS_GRANTS),
            (readings.session, unknowns.SESSION_POLICY_LIMITS_GRANTS),
        )
        return all(reading is None or reading.allowing is not None or not limited for reading, limited in limits)

    def _trusted(self, grant: Grant) -> bool:
        """Whether the grant was issued by the caller's own account, so that no identity policy is needed (inferred:
        "key trust")."""
        issued_here = grant.issuing_account == self.caller.account or self.caller.type is PrincipalType.SERVICE
        return issued_here or not unknowns.FOREIGN_GRANT_NEEDS_IDENTITY_POLICY

    # Answers

    def _allow(self, source: Source, reason: str | Callable[[], str]) -> Decision:
        return Decision(True, source, reason, None, self._trace)

    def _allow_by(self, source: Source, match: Match) -> Decision:
        return self._allow(source, lambda: _because(source, match))

    def _deny(self, source: Source, match: Match) -> Decision:
        owner = source in (Source.KEY_POLICY, Source.TRUST_POLICY)
        refusal = Refusal.UNREACHABLE if owner and self.foreign else Refusal.EXPLICIT
        return self._refuse(refusal, source, lambda: f"{_because(source, match)} denies it", match.policy)

    def _refuse_by_owner(self, resource: Reading | None) -> Decision:
        source = resource.source if resource else Source.KEY_POLICY
        refusal = Refusal.UNREACHABLE if self.foreign else Refusal.IMPLICIT
        return self._refuse(
            refusal, source, lambda: f"no {source.value} allows it or delegates it to the caller's account"
        )

    def _refuse(self, refusal: Refusal, source: Source, reason: str | Callable[[], str], policy: str = "") -> Decision:
        def error() -> AwsError:
            return access_denied(self.request, refusal, source, self.wording or wording_for(self.request), policy)

        return Decision(False, source, reason, error, self._trace)

    def _trace(self) -> Trace:
        sources = self._policies()
        try:
            return tuple(trace for source, given in sources for trace in trace_policies(source, given, self.asked))
        except Exception:  # what the decision did not need to look at must not crash the caller who asks why
            return ()


def _delegation(source: Source) -> Source:
    return Source.KEY_POLICY_DELEGATION if source is Source.KEY_POLICY else source


def _because(source: Source, match: Match) -> str:
    return f"{match.statement.label!r} of {source.value} {match.policy!r}"
