"""The decision: a pure function of a request and the policies that apply.

What is unsupported in a policy is read both ways: the decision is undecided only where the two readings differ.

Source: IAM user guide "Policy evaluation logic", "Cross-account policy evaluation logic"; KMS developer guide "Key
policies in AWS KMS"; RULES.md "Policy evaluation".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.arn import parse_arn
from plerion_kms.authorization.decision import AwsError, Decision, Source, StatementTrace
from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.evaluation import (
    PolicyAnalysis,
    PreparedRequest,
    StatementMatch,
    analyze_policies,
    trace_policies,
)
from plerion_kms.authorization.grants import matching_grants, right_to_retire
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms_operations import CROSS_ACCOUNT_PERMISSIONS, PERMISSIONS
from plerion_kms.authorization.messages import Refusal, Wording, access_denied, unsupported_error, wording_for
from plerion_kms.authorization.policies import Grant, Policies
from plerion_kms.authorization.principals import PrincipalMatch
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
        return _Decider(request, policies, wording, caller_side_only).decide()
    except UnsupportedError as problem:
        return refuse_unsupported(request, str(problem))
    except Exception as error:  # an error of ours must never become an allow, nor a crash of the caller
        return refuse_unsupported(request, f"the request or a policy: {type(error).__name__} while deciding")


def refuse_unsupported(request: Request, *what: str, trace: Callable[[], Trace] = tuple) -> Decision:
    """The undecided answer to a request about which something is unsupported; `what` names it."""
    names = tuple(name.encode("utf-8", "backslashreplace").decode() for name in what)
    text = "; ".join(names)
    error = unsupported_error(request, text)
    return Decision(False, Source.UNSUPPORTED, f"unsupported: {text}", error, trace, names)


type Trace = tuple[StatementTrace, ...]


class _Analyses:
    """What each kind of policy says. every: in the order in which an explicit Deny is reported, identity before
    resource. boundary, session, resource: None where the request has no such policy."""

    __slots__ = ("boundary", "every", "identity", "resource", "session")

    def __init__(self, every: list[PolicyAnalysis]) -> None:
        self.every = every
        self.identity = every[0]
        self.boundary: PolicyAnalysis | None = None
        self.session: PolicyAnalysis | None = None
        self.resource: PolicyAnalysis | None = None
        for analysis in every:
            if analysis.source is Source.BOUNDARY:
                self.boundary = analysis
            elif analysis.source is Source.SESSION:
                self.session = analysis
            elif analysis.source in (Source.KEY_POLICY, Source.TRUST_POLICY):
                self.resource = analysis

    def doubts(self, *effects: bool) -> list[StatementMatch]:
        """The doubtful statements that would change what the policies say. effects: True for Allow, False for Deny."""
        return [match for analysis in self.every for match in analysis.doubts(*effects)]

    def at_most(self) -> _Analyses:
        """The same if every doubtful Allow matches and no doubtful Deny does."""
        return _Analyses([analysis.at_most() for analysis in self.every])


_MUST_ALLOW = (
    (Source.RESOURCE_CONTROL, Refusal.EXPLICIT),
    (Source.SERVICE_CONTROL, Refusal.EXPLICIT),
    (Source.ENDPOINT, Refusal.IMPLICIT),
)
"""The sources that only limit and must all allow, in the order in which they are matched, and AWS's word for one
that does not."""


class _Decider:
    def __init__(self, request: Request, policies: Policies, wording: Wording | None, caller_side_only: bool) -> None:
        self.caller_side_only = caller_side_only
        self.request = request
        self.policies = policies
        self.wording = wording
        self.prepared = PreparedRequest.of(request, bounded=policies.boundary is not None)
        self.caller = request.principal
        self.cross_account = request.principal.account != request.resource.account

    def decide(self) -> Decision:
        action = self.prepared.action
        if action in NEEDS_NO_PERMISSION and self.caller.type is not PrincipalType.ANONYMOUS:
            return Decision(True, Source.IDENTITY, f"{self.request.action} needs no permission")
        if action.count(":") != 1:
            raise UnsupportedError(f"the action {self.request.action!r}")
        if action.startswith("kms:") and action not in PERMISSIONS:
            raise UnsupportedError(f"the KMS permission {self.request.action!r}")

        analyses = _Analyses([analyze_policies(source, given, self.prepared) for source, given in self._policies()])
        doubtful = False
        for analysis in analyses.every:
            if analysis.denying is not None:
                return self._deny(analysis.source, analysis.denying)
            doubtful = doubtful or bool(analysis.doubtful)
        decision = self._decide(analyses)
        return self._read_both_ways(analyses, decision) if doubtful else decision

    def _read_both_ways(self, analyses: _Analyses, decision: Decision) -> Decision:
        """The decision, which left the doubtful statements out, if it is the same with them; else undecided. A doubtful
        Deny can only take an allow away, a doubtful Allow can only give one."""
        if decision.allowed:
            doubts = analyses.doubts(False)
        else:
            doubts = analyses.doubts(True, False) if self._decide(analyses.at_most()).allowed else []
        if not doubts:
            return decision
        found: dict[str, dict[str, None]] = {}
        for match in doubts:
            place = ", ".join(filter(None, (match.policy, match.statement.label)))
            found.setdefault(place, {}).update(dict.fromkeys(match.unsupported))
        names = [f"{place}: {'; '.join(parts)}" for place, parts in found.items()]
        return refuse_unsupported(self.request, *names, trace=self._trace)

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
        to_service_linked = ":role/aws-service-role/" in self.request.resource.arn
        if limited and not to_service_linked and self.prepared.action != "kms:retiregrant":
            for level in policies.resource_control:
                yield Source.RESOURCE_CONTROL, level

    def _decide(self, analyses: _Analyses) -> Decision:
        """The decision where no Deny matches."""
        for source, refusal in _MUST_ALLOW:
            for analysis in analyses.every:
                if analysis.source is source and analysis.allowing is None:
                    return self._refuse(refusal, source, f"no {source.value} allows it")
        if self._needs_resource_policy():
            return self._decide_by_resource(analyses)
        return self._decide_by_caller(analyses, Source.IDENTITY, str)

    def _needs_resource_policy(self) -> bool:
        """Whether the resource has a policy that must allow: a key or a role to be assumed always has one, so that a
        missing one refuses."""
        if self.caller_side_only:
            return False
        if self.policies.resource is not None:
            return True
        arn = parse_arn(self.request.resource.arn)
        if arn is None:
            return False
        return (arn.service == "kms" and arn.rest.startswith("key/")) or (
            self.prepared.action.startswith("sts:") and arn.rest.startswith("role/")
        )

    # What the caller's side says

    def _missing(self, analyses: _Analyses, *, identity: bool = True) -> Source | None:
        """The first of identity, boundary and session policies that does not allow; None if all do."""
        is_root = self.caller.type is PrincipalType.ACCOUNT_ROOT
        if identity and not is_root and analyses.identity.allowing is None:
            return Source.IDENTITY
        for analysis in (analyses.boundary, analyses.session):
            if analysis is not None and analysis.allowing is None:
                return analysis.source
        return None

    def _decide_by_caller(self, analyses: _Analyses, source: Source, agreed: Callable[[], str]) -> Decision:
        """The caller's own policies decide; the resource, if it has a policy, has agreed (`source`; `agreed` begins the
        reason)."""
        if not self.caller.account:
            return self._refuse(
                Refusal.IMPLICIT, Source.IDENTITY, lambda: f"{agreed()}the caller has no identity-based policies"
            )
        missing = self._missing(analyses)
        if missing is not None:
            return self._refuse(Refusal.IMPLICIT, missing, lambda: f"{agreed()}no {missing.value} allows it")
        allowing = analyses.identity.allowing
        if allowing is not None:
            return self._allow(source, lambda: agreed() + _because(Source.IDENTITY, allowing))
        source = Source.ACCOUNT_ROOT if source is Source.IDENTITY else source
        return self._allow(source, lambda: f"{agreed()}the account root user may do everything in its account")

    # What the owner's side says

    def _decide_by_resource(self, analyses: _Analyses) -> Decision:
        resource = analyses.resource
        if self.prepared.action == "kms:retiregrant":
            return self._decide_retiring(analyses)
        if self.cross_account and self.caller.type not in _WITHOUT_POLICIES and self._works_in_one_account_only():
            return self._refuse(Refusal.UNREACHABLE, Source.NOT_CROSS_ACCOUNT, "it does not work across accounts")
        if resource is None or resource.allowing is None:
            decision = self._refuse_by_owner(resource)
        elif self.caller.type in _WITHOUT_POLICIES:
            decision = self._allow_by(resource.source, resource.allowing)
        elif self.cross_account:
            decision = self._decide_across_accounts(analyses, resource.source, resource.allowing)
        else:
            decision = self._decide_in_account(analyses, resource.source, resource.allowing)
        if decision.allowed or not self.policies.grants:
            return decision
        return self._decide_by_grant(analyses) or decision

    def _works_in_one_account_only(self) -> bool:
        return self.prepared.action.startswith("kms:") and self.prepared.action not in CROSS_ACCOUNT_PERMISSIONS

    def _decide_in_account(self, analyses: _Analyses, source: Source, allowing: StatementMatch) -> Decision:
        """RULES.md "Which implicit denies a key-policy Allow overrides"."""
        if allowing.principal_match is PrincipalMatch.SELF:
            return self._allow_by(source, allowing)
        if allowing.principal_match is PrincipalMatch.ROLE:
            missing = self._missing(analyses, identity=False)
            if missing is None:
                return self._allow_by(source, allowing)
            return self._refuse(
                Refusal.IMPLICIT,
                missing,
                lambda: f"the {source.value} names the role, but no {missing.value} allows it",
            )
        return self._decide_by_caller(
            analyses, _delegation(source), lambda: f"{_because(source, allowing)} delegates to the account; "
        )

    def _decide_across_accounts(self, analyses: _Analyses, source: Source, allowing: StatementMatch) -> Decision:
        """Both sides must allow, however the owner's policy names the caller."""
        return self._decide_by_caller(
            analyses,
            _delegation(source) if allowing.principal_match is PrincipalMatch.ACCOUNT else source,
            lambda: f"{_because(source, allowing)} allows the other account's caller; ",
        )

    def _decide_by_grant(self, analyses: _Analyses) -> Decision | None:
        """An Allow by a grant, or None. RULES.md "Grants"."""
        for grant, matched in matching_grants(self.policies.grants, self.request, self.prepared.context):
            if self._grant_suffices(analyses, matched, trusted=self._trusted(grant)):
                return self._allow(Source.GRANT, f"grant {grant.grant_id!r} allows it")
        return None

    def _decide_retiring(self, analyses: _Analyses) -> Decision:
        """kms:RetireGrant comes from the grant that will be retired; an Allow in a policy alone has no effect."""
        for grant in self.policies.grants:
            matched = right_to_retire(grant, self.caller)
            if matched is not None and self._grant_suffices(analyses, matched, trusted=True):
                return self._allow(Source.GRANT, f"grant {grant.grant_id!r} may be retired by the caller")
        refusal = Refusal.UNREACHABLE if self.cross_account else Refusal.IMPLICIT
        return self._refuse(refusal, Source.KEY_POLICY, "the grant may not be retired by the caller")

    def _grant_suffices(self, analyses: _Analyses, matched: PrincipalMatch, *, trusted: bool) -> bool:
        if (matched is PrincipalMatch.ACCOUNT or not trusted) and self._missing(analyses) is not None:
            return False
        limits = (
            (analyses.boundary, unknowns.BOUNDARY_LIMITS_GRANTS),
            (analyses.session, unknowns.SESSION_POLICY_LIMITS_GRANTS),
        )
        return all(analysis is None or analysis.allowing is not None or not limited for analysis, limited in limits)

    def _trusted(self, grant: Grant) -> bool:
        """Whether the grant was issued by the caller's own account, so that no identity policy is needed (inferred:
        "key trust")."""
        issued_here = grant.issuing_account == self.caller.account or self.caller.type is PrincipalType.SERVICE
        return issued_here or not unknowns.CROSS_ACCOUNT_GRANT_NEEDS_IDENTITY_POLICY

    # Answers

    def _allow(self, source: Source, reason: str | Callable[[], str]) -> Decision:
        return Decision(True, source, reason, None, self._trace)

    def _allow_by(self, source: Source, match: StatementMatch) -> Decision:
        return self._allow(source, lambda: _because(source, match))

    def _deny(self, source: Source, match: StatementMatch) -> Decision:
        owner = source in (Source.KEY_POLICY, Source.TRUST_POLICY)
        refusal = Refusal.UNREACHABLE if owner and self.cross_account else Refusal.EXPLICIT
        return self._refuse(refusal, source, lambda: f"{_because(source, match)} denies it", match.policy)

    def _refuse_by_owner(self, resource: PolicyAnalysis | None) -> Decision:
        source = resource.source if resource else Source.KEY_POLICY
        refusal = Refusal.UNREACHABLE if self.cross_account else Refusal.IMPLICIT
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
            return tuple(trace for source, given in sources for trace in trace_policies(source, given, self.prepared))
        except Exception:  # what the decision did not need to look at must not crash the caller who asks why
            return ()


def _delegation(source: Source) -> Source:
    return Source.KEY_POLICY_DELEGATION if source is Source.KEY_POLICY else source


def _because(source: Source, match: StatementMatch) -> str:
    return f"{match.statement.label!r} of {source.value} {match.policy!r}"
