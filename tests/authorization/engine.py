"""The decision: a pure function of a request and the policies that apply.

Source: IAM user guide "Policy evaluation logic", "Cross-account policy evaluation logic"; KMS developer guide "Key
policies in AWS KMS"; authorization.md "Policy evaluation".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from authorization import unknowns
from authorization.arn import parse_arn
from authorization.decision import Decision, Source, StatementTrace
from authorization.documents import PolicyKind
from authorization.errors import NotUnderstoodError
from authorization.evaluation import Asked, Reading, read_policies
from authorization.grants import matching_grants, right_to_retire
from authorization.kms_operations import CROSS_ACCOUNT_PERMISSIONS, PERMISSIONS
from authorization.messages import Refusal, Wording, access_denied, not_understood, wording_for
from authorization.policies import Grant, Policies
from authorization.principals import Named
from authorization.request import PrincipalType, Request
from authorization.statements import Statement

NEEDS_NO_PERMISSION = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
"""Actions that every holder of credentials may use and no policy controls. Source: STS API reference."""

_WITHOUT_POLICIES = (PrincipalType.SERVICE, PrincipalType.WEB_IDENTITY, PrincipalType.SAML)
"""Callers that have no policies of their own: the resource policy alone decides."""


def authorize(request: Request, policies: Policies) -> Decision:
    """Decide one permission. Total: it never raises on any document, and an internal error refuses."""
    return decide(request, policies, wording_for(request))


def authorize_caller_side(request: Request, policies: Policies) -> Decision:
    """As `authorize`, but without a resource policy, even for a resource that always has one: what the caller's
    policies say by themselves. For IAM's policy simulator only."""
    return decide(request, replace(policies, resource=None), wording_for(request), caller_side_only=True)


def decide(request: Request, policies: Policies, wording: Wording, *, caller_side_only: bool = False) -> Decision:
    """As `authorize`, with the words that the error has for the resource."""
    try:
        return _Evaluation(request, policies, wording, caller_side_only).decide()
    except NotUnderstoodError as problem:
        return refuse_not_understood(request, str(problem))
    except Exception as error:  # an error of ours must never become an allow, nor a crash of the caller
        return refuse_not_understood(request, f"the request or a policy: {type(error).__name__} while deciding")


def refuse_not_understood(request: Request, what: str, trace: tuple[StatementTrace, ...] = ()) -> Decision:
    """The refusal of a request about which something is not understood; `what` names it."""
    what = what.encode("utf-8", "backslashreplace").decode()
    return Decision(False, Source.NOT_UNDERSTOOD, f"not understood: {what}", not_understood(request, what), trace)


@dataclass(slots=True)
class _Readings:
    """What each kind of policy says. boundary, session, resource: None where the request has no such policy."""

    identity: Reading
    boundary: Reading | None
    session: Reading | None
    resource: Reading | None
    service_control: list[Reading]
    resource_control: list[Reading]
    endpoint: Reading | None

    def all(self) -> Iterable[Reading]:
        """In the order in which an explicit Deny is reported: identity before resource."""
        caller = [self.identity, self.boundary, self.session, *self.service_control, self.endpoint]
        return [reading for reading in [*caller, self.resource, *self.resource_control] if reading is not None]


class _Evaluation:
    def __init__(self, request: Request, policies: Policies, wording: Wording, caller_side_only: bool) -> None:
        self.caller_side_only = caller_side_only
        self.request = request
        self.policies = policies
        self.wording = wording
        self.asked = Asked.of(request, bounded=policies.boundary is not None)
        self.caller = request.principal
        self.foreign = request.principal.account != request.resource.account
        self.trace: tuple[StatementTrace, ...] = ()

    def decide(self) -> Decision:
        action = self.asked.action
        if action in NEEDS_NO_PERMISSION and self.caller.type is not PrincipalType.ANONYMOUS:
            return self._allow(Source.IDENTITY, f"{self.request.action} needs no permission")
        if action.count(":") != 1:
            raise NotUnderstoodError(f"the action {self.request.action!r}")
        if action.startswith("kms:") and action not in PERMISSIONS:
            raise NotUnderstoodError(f"the KMS permission {self.request.action!r}")

        readings = self._read()
        self.trace = tuple(trace for reading in readings.all() for trace in reading.trace)
        for reading in readings.all():
            if reading.denying:
                return self._deny(reading)
        problems = [problem for reading in readings.all() for problem in reading.problems]
        if problems:
            return refuse_not_understood(self.request, "; ".join(problems), self.trace)
        for level in readings.resource_control:
            if not level.allowing:
                return self._refuse(Refusal.EXPLICIT, Source.RESOURCE_CONTROL, "no resource control policy allows it")
        for level in readings.service_control:
            if not level.allowing:
                return self._refuse(Refusal.EXPLICIT, Source.SERVICE_CONTROL, "no service control policy allows it")
        if readings.endpoint is not None and not readings.endpoint.allowing:
            return self._refuse(Refusal.IMPLICIT, Source.ENDPOINT, "no VPC endpoint policy allows it")
        if self._needs_resource_policy():
            return self._decide_by_resource(readings)
        return self._decide_by_caller(readings, Source.IDENTITY, "")

    def _read(self) -> _Readings:
        policies, asked = self.policies, self.asked
        resource = policies.resource
        resource_source = Source.TRUST_POLICY if resource and resource.kind is PolicyKind.TRUST else Source.KEY_POLICY
        limited = ":role/aws-service-role/" not in self.caller.issuer_arn
        # An RCP controls neither kms:RetireGrant (KMS developer guide "Resource control policies") nor who assumes a
        # service-linked role (AWS Organizations user guide "Resource control policies").
        controlled = (
            limited and asked.action != "kms:retiregrant" and ":role/aws-service-role/" not in self.request.resource.arn
        )
        return _Readings(
            identity=read_policies(Source.IDENTITY, policies.identity, asked),
            boundary=None if policies.boundary is None else read_policies(Source.BOUNDARY, [policies.boundary], asked),
            session=None if policies.session is None else read_policies(Source.SESSION, policies.session, asked),
            resource=None if resource is None else read_policies(resource_source, [resource], asked),
            service_control=[
                read_policies(Source.SERVICE_CONTROL, level, asked) for level in policies.service_control if limited
            ],
            resource_control=[
                read_policies(Source.RESOURCE_CONTROL, level, asked)
                for level in policies.resource_control
                if controlled
            ],
            endpoint=None if policies.endpoint is None else read_policies(Source.ENDPOINT, [policies.endpoint], asked),
        )

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
        if identity and not is_root and not readings.identity.allowing:
            return Source.IDENTITY
        for reading in (readings.boundary, readings.session):
            if reading is not None and not reading.allowing:
                return reading.source
        return None

    def _decide_by_caller(self, readings: _Readings, source: Source, prefix: str) -> Decision:
        """The caller's own policies decide; the resource, if it has a policy, has agreed (`source`, `prefix`)."""
        if not self.caller.account:
            return self._refuse(Refusal.IMPLICIT, Source.IDENTITY, f"{prefix}the caller has no identity-based policies")
        missing = self._missing(readings)
        if missing is not None:
            return self._refuse(Refusal.IMPLICIT, missing, f"{prefix}no {missing.value} allows it")
        if readings.identity.allowing:
            return self._allow(source, prefix + _because("identity-based policy", readings.identity.allowing[0]))
        source = Source.ACCOUNT_ROOT if source is Source.IDENTITY else source
        return self._allow(source, f"{prefix}the account root user may do everything in its account")

    # What the owner's side says

    def _decide_by_resource(self, readings: _Readings) -> Decision:
        resource = readings.resource
        if self.asked.action == "kms:retiregrant":
            return self._decide_retiring(readings)
        if self.foreign and self.caller.type not in _WITHOUT_POLICIES and self._works_in_one_account_only():
            return self._refuse(
                Refusal.UNREACHABLE, Source.NOT_SUPPORTED, f"{self.request.action} does not work across accounts"
            )
        strongest = resource.strongest if resource else None
        if resource is None or strongest is None:
            decision = self._refuse_by_owner(resource)
        elif self.caller.type in _WITHOUT_POLICIES:
            decision = self._allow_by(resource, strongest)
        elif self.foreign:
            decision = self._decide_across_accounts(readings, resource, strongest)
        else:
            decision = self._decide_in_account(readings, resource)
        if decision.allowed:
            return decision
        return self._decide_by_grant(readings) or decision

    def _works_in_one_account_only(self) -> bool:
        return self.asked.action.startswith("kms:") and self.asked.action not in CROSS_ACCOUNT_PERMISSIONS

    def _decide_in_account(self, readings: _Readings, resource: Reading) -> Decision:
        """authorization.md "Which implicit denies a key-policy Allow overrides", row by row."""
        levels = {named for named, _, _ in resource.named}
        if Named.SELF in levels:
            return self._allow_by(resource, Named.SELF)
        if Named.ROLE in levels:
            missing = self._missing(readings, identity=False)
            if missing is None:
                return self._allow_by(resource, Named.ROLE)
            return self._refuse(
                Refusal.IMPLICIT,
                missing,
                f"the {resource.source.value} names the role, but no {missing.value} allows it",
            )
        prefix = _because(resource.source.value, _statement(resource, Named.ACCOUNT)) + " delegates to the account; "
        return self._decide_by_caller(readings, _delegation(resource.source), prefix)

    def _decide_across_accounts(self, readings: _Readings, resource: Reading, strongest: Named) -> Decision:
        """Both sides must allow, however the owner's policy names the caller."""
        source = _delegation(resource.source) if strongest is Named.ACCOUNT else resource.source
        prefix = (
            _because(resource.source.value, _statement(resource, strongest)) + " allows the other account's caller; "
        )
        return self._decide_by_caller(readings, source, prefix)

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
        return all(reading is None or reading.allowing or not limited for reading, limited in limits)

    def _trusted(self, grant: Grant) -> bool:
        """Whether the grant was issued by the caller's own account, so that no identity policy is needed (inferred:
        "key trust")."""
        issued_here = grant.issuing_account == self.caller.account or self.caller.type is PrincipalType.SERVICE
        return issued_here or not unknowns.FOREIGN_GRANT_NEEDS_IDENTITY_POLICY

    # Answers

    def _allow(self, source: Source, reason: str) -> Decision:
        return Decision(True, source, reason, None, self.trace)

    def _allow_by(self, resource: Reading, named: Named) -> Decision:
        return self._allow(resource.source, _because(resource.source.value, _statement(resource, named)))

    def _deny(self, reading: Reading) -> Decision:
        owner = reading.source in (Source.KEY_POLICY, Source.TRUST_POLICY)
        refusal = Refusal.UNREACHABLE if owner and self.foreign else Refusal.EXPLICIT
        policy, _ = reading.denying[0]
        reason = _because(reading.source.value, reading.denying[0]) + " denies it"
        return self._refuse(refusal, reading.source, reason, policy)

    def _refuse_by_owner(self, resource: Reading | None) -> Decision:
        source = resource.source if resource else Source.KEY_POLICY
        reason = f"no {source.value} allows it or delegates it to the caller's account"
        return self._refuse(Refusal.UNREACHABLE if self.foreign else Refusal.IMPLICIT, source, reason)

    def _refuse(self, refusal: Refusal, source: Source, reason: str, policy: str = "") -> Decision:
        error = access_denied(self.request, refusal, source, self.wording, policy)
        return Decision(False, source, reason, error, self.trace)


def _delegation(source: Source) -> Source:
    return Source.KEY_POLICY_DELEGATION if source is Source.KEY_POLICY else source


def _statement(resource: Reading, level: Named) -> tuple[str, Statement]:
    return next((policy, statement) for named, policy, statement in resource.named if named is level)


def _because(kind: str, found: tuple[str, Statement]) -> str:
    policy, statement = found
    return f"{statement.label!r} of {kind} {policy!r}"
