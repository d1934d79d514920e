"""Reading one policy for one request: which statements match, which nearly do, and what in them is not understood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from authorization import unknowns
from authorization.context import Context
from authorization.decision import ConditionFailure, Source, StatementTrace
from authorization.documents import Policy, PolicyKind
from authorization.errors import NotUnderstoodError
from authorization.principals import Named
from authorization.request import Request
from authorization.statements import Statement

_SLOTS = {
    Source.IDENTITY: (PolicyKind.IDENTITY,),
    Source.BOUNDARY: (PolicyKind.BOUNDARY, PolicyKind.IDENTITY),
    Source.SESSION: (PolicyKind.SESSION, PolicyKind.IDENTITY),
    Source.SERVICE_CONTROL: (PolicyKind.SERVICE_CONTROL,),
    Source.RESOURCE_CONTROL: (PolicyKind.RESOURCE_CONTROL,),
    Source.KEY_POLICY: (PolicyKind.KEY,),
    Source.TRUST_POLICY: (PolicyKind.TRUST,),
    Source.ENDPOINT: (PolicyKind.ENDPOINT,),
}
"""The kinds of document that may stand in each place. A managed policy serves as boundary or session policy too."""


@dataclass(slots=True)
class Asked:
    """A request, ready to be compared: its context, its action in lower case, and whether its caller has a permissions
    boundary."""

    request: Request
    context: Context
    action: str
    bounded: bool = False

    @classmethod
    def of(cls, request: Request, *, bounded: bool = False) -> Asked:
        """Prepare a request."""
        return cls(request, Context(request), request.action.lower(), bounded)


@dataclass(slots=True)
class Reading:
    """What the policies of one source say about a request.

    named: how each matching Allow of a resource policy names the caller, with the statement and its policy's name;
    allowing: each matching Allow; denying: each matching Deny; both as policy name and statement.
    """

    source: Source
    allowing: list[tuple[str, Statement]] = field(default_factory=list)
    denying: list[tuple[str, Statement]] = field(default_factory=list)
    named: list[tuple[Named, str, Statement]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    trace: list[StatementTrace] = field(default_factory=list)

    @property
    def strongest(self) -> Named | None:
        """The strongest way in which an Allow names the caller."""
        return max((named for named, _, _ in self.named), default=None)


def read_policies(source: Source, policies: Iterable[Policy], asked: Asked) -> Reading:
    """Read all the policies of one source. What is not understood is collected, not raised."""
    reading = Reading(source)
    for policy in policies:
        document = policy.document
        if policy.kind not in _SLOTS[source]:
            reading.problems.append(f"{policy.name}: a policy of kind {policy.kind.value!r} used as {source.value}")
        elif document.problem is not None:
            reading.problems.append(f"{policy.name}: {document.problem}")
        for statement in document.statements:
            try:
                _read_statement(reading, policy.name, statement, asked)
            except NotUnderstoodError as problem:
                reading.problems.append(f"{policy.name}, {statement.label}: {problem}")
    return reading


def _read_statement(reading: Reading, policy: str, statement: Statement, asked: Asked) -> None:
    if statement.inert and statement.problem is None:
        return
    if statement.actions is not None and not statement.actions.match(asked.action):
        return
    request = asked.request
    named: Named | None = None
    if statement.principals is not None:
        named = statement.principals.names(request.principal, allow=statement.allow, bounded=asked.bounded)
        if named is None:
            return
    resource, lookup = request.resource, asked.context.get
    if statement.resources is not None and not statement.resources.match(
        asked.action, resource.arn, resource.account, lookup, allow=statement.allow
    ):
        return
    if statement.problem is not None:
        raise NotUnderstoodError(statement.problem)
    failure = _first_failure(statement, asked)
    effect = "Allow" if statement.allow else "Deny"
    reading.trace.append(StatementTrace(reading.source, policy, statement.label, effect, failure))
    if failure is not None:
        return
    if not statement.allow:
        reading.denying.append((policy, statement))
        return
    reading.allowing.append((policy, statement))
    if named is Named.SELF and not unknowns.STAR_PRINCIPAL_IGNORES_BOUNDARY and _star_alone(reading.source, statement):
        named = Named.ROLE
    if named is not None:
        reading.named.append((named, policy, statement))


def _star_alone(source: Source, statement: Statement) -> bool:
    """Whether an Allow of a key policy names the caller by `*`, without aws:PrincipalArn among its conditions."""
    by_star = source is Source.KEY_POLICY and statement.principals is not None and statement.principals.anyone
    return by_star and all(condition.key.lower() != "aws:principalarn" for condition in statement.conditions)


def _first_failure(statement: Statement, asked: Asked) -> ConditionFailure | None:
    """The first condition that fails. One that is not understood only counts where no other fails: then the order of
    the conditions does not matter."""
    problem: NotUnderstoodError | None = None
    for condition in statement.conditions:
        try:
            failure = condition.failure(asked.context.get)
        except NotUnderstoodError as raised:
            problem = raised
            continue
        if failure is not None:
            return failure
    if problem is not None:
        raise problem
    return None
