"""What IAM's policy simulator answers: SimulatePrincipalPolicy and SimulateCustomPolicy, as plain data.

The simulator reads the caller's policies, a resource policy only if it is given one, and the context keys that it is
given. Source: IAM API reference "SimulatePrincipalPolicy", "SimulateCustomPolicy",
"EvaluationResult".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plerion_kms.authorization.context import Context
from plerion_kms.authorization.decision import Decision, Source
from plerion_kms.authorization.documents import Policy
from plerion_kms.authorization.engine import authorize, authorize_caller_side
from plerion_kms.authorization.kms_operations import KEY_PERMISSIONS
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import ContextValue, Principal, Request, Resource


class EvalDecision(StrEnum):
    """The simulator's answers."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True, slots=True)
class MatchedStatement:
    """A statement that led to the answer: its kind of policy, the policy's name, and its Sid or `statement N`."""

    source: Source
    policy: str
    statement: str


@dataclass(frozen=True, slots=True)
class ResourceResult:
    """The answer for one action on one resource.

    missing: condition keys that the policies read and that the request does not have, sorted.
    detail: the engine's decision, with its reason.
    """

    resource: str
    answer: EvalDecision
    matched: tuple[MatchedStatement, ...]
    missing: tuple[str, ...]
    detail: Decision


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """The answer for one action on all its resources, the most restrictive of theirs. resources: each one's own."""

    action: str
    resources: tuple[ResourceResult, ...]

    @property
    def answer(self) -> EvalDecision:
        """`explicitDeny` if a resource has it, else `implicitDeny` if one has it, else `allowed`."""
        answers = {each.answer for each in self.resources}
        return next((answer for answer in _MOST_RESTRICTIVE if answer in answers), EvalDecision.IMPLICIT_DENY)

    @property
    def matched(self) -> tuple[MatchedStatement, ...]:
        """The statements that led to the answer, of all the resources that have it."""
        found = (matched for each in self.resources if each.answer is self.answer for matched in each.matched)
        return tuple(dict.fromkeys(found))

    @property
    def missing(self) -> tuple[str, ...]:
        """The condition keys that are missing for any resource, sorted."""
        return tuple(sorted({key for each in self.resources for key in each.missing}))

    @property
    def template(self) -> str:
        """The form of the ARNs that the action works on, `*` for an action of another service than KMS, whose forms are
        not known here."""
        return KEY_TEMPLATE if self.action.lower() in KEY_PERMISSIONS else "*"


_MOST_RESTRICTIVE = (EvalDecision.EXPLICIT_DENY, EvalDecision.IMPLICIT_DENY, EvalDecision.ALLOWED)

KEY_TEMPLATE = "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}"


def simulate(
    principal: Principal,
    policies: Policies,
    actions: Sequence[str],
    resources: Sequence[str] = ("*",),
    context: Mapping[str, ContextValue] | None = None,
    resource_account: str = "",
) -> list[SimulationResult]:
    """Evaluate each action on each resource.

    policies.resource: the ResourcePolicy parameter, if any; without it no resource policy is asked for, not even a
    key's. resource_account: the ResourceOwner parameter, where a resource's ARN does not name its account (default: the
    caller's).
    """
    owner = resource_account or principal.account
    return [
        SimulationResult(
            action,
            tuple(
                _evaluate(
                    Request(principal, action, Resource(arn, _account(arn, owner)), dict(context or {})), policies
                )
                for arn in resources
            ),
        )
        for action in actions
    ]


def _account(arn: str, default: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4] else default


def _evaluate(request: Request, policies: Policies) -> ResourceResult:
    decide = authorize_caller_side if policies.resource is None else authorize
    decision = decide(request, policies)
    denials = [trace for trace in decision.trace if trace.failure is None and trace.effect == "Deny"]
    if decision.allowed:
        answer = EvalDecision.ALLOWED
    else:
        answer = EvalDecision.EXPLICIT_DENY if denials else EvalDecision.IMPLICIT_DENY
    effect = "Deny" if answer is EvalDecision.EXPLICIT_DENY else "Allow"
    matched = tuple(
        MatchedStatement(trace.source, trace.policy, trace.statement)
        for trace in decision.trace
        if trace.failure is None and trace.effect == effect and answer is not EvalDecision.IMPLICIT_DENY
    )
    return ResourceResult(request.resource.arn, answer, matched, _missing(request, policies), decision)


def _missing(request: Request, policies: Policies) -> tuple[str, ...]:
    context = Context(request)
    keys = {
        key for policy in _all(policies) for statement in policy.document.statements for key in statement.context_keys()
    }
    return tuple(sorted(key for key in keys if not context.has(key)))


def _all(policies: Policies) -> Iterable[Policy]:
    yield from policies.identity
    yield from policies.session or ()
    for level in (*policies.service_control, *policies.resource_control):
        yield from level
    yield from (policy for policy in (policies.boundary, policies.resource, policies.endpoint) if policy is not None)
