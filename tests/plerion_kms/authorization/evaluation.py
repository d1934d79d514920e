"""Reading one policy for one request: which statements match, which nearly do, and which may, for all that is
unsupported in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.context import Context
from plerion_kms.authorization.decision import ConditionFailure, Source, StatementTrace
from plerion_kms.authorization.documents import Policy, Statement, unsupported_document
from plerion_kms.authorization.errors import NotUnderstoodError
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.principals import Named
from plerion_kms.authorization.request import Request

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


@dataclass(frozen=True, slots=True)
class Match:
    """A statement that covers the request, the name of its policy, and how the statement names the caller
    (`Named.SELF` where it names no principals). unsupported: what makes it doubtful, empty if it certainly covers."""

    policy: str
    statement: Statement
    named: Named
    unsupported: tuple[str, ...] = ()


class Reading:
    """What the policies of one source say about a request.

    allowing: the matching Allow that names the caller in the strongest way; denying: a matching Deny; None if there is
    none. doubtful: the statements that match or don't, depending on something unsupported.
    """

    __slots__ = ("allowing", "denying", "doubtful", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.allowing: Match | None = None
        self.denying: Match | None = None
        self.doubtful: list[Match] = []

    def doubts(self, *effects: bool) -> list[Match]:
        """The doubtful statements that would change what the policies say. effects: True for Allow, False for Deny."""
        certain = self.allowing.named if self.allowing else 0
        return [
            match
            for match in self.doubtful
            if match.statement.allow in effects and not (match.statement.allow and match.named <= certain)
        ]

    def at_most(self) -> Reading:
        """The same if every doubtful Allow matches and no doubtful Deny does."""
        reading = Reading(self.source)
        reading.allowing = max(self.doubts(True), key=lambda match: match.named, default=self.allowing)
        return reading


def read_policies(source: Source, policies: Iterable[Policy], asked: Asked) -> Reading:
    """Read all the policies of one source. What is unsupported makes a statement doubtful and is never raised."""
    reading = Reading(source)
    for policy in policies:
        for statement in _statements(source, policy, asked):
            allow, allowing = statement.allow, reading.allowing
            named = _named(source, statement, asked)
            # An Allow that names the caller in no stronger way adds nothing.
            if named is None or (allow and allowing is not None and named <= allowing.named):
                continue
            covers = _covers(statement, asked)
            if covers is True:
                match = Match(policy.name, statement, named)
                if not allow:
                    reading.denying = match
                    return reading
                reading.allowing = match
            elif covers is not False:
                reading.doubtful.append(Match(policy.name, statement, named, covers))
    return reading


def _named(source: Source, statement: Statement, asked: Asked) -> Named | None:
    """How the statement names the caller; None if it does not."""
    principals = statement.principals
    if principals is None:
        return Named.SELF
    named = principals.names(asked.request.principal, allow=statement.allow, bounded=asked.bounded)
    if named is Named.SELF and not unknowns.STAR_PRINCIPAL_IGNORES_BOUNDARY and _star_alone(source, statement):
        return Named.ROLE
    return named


def _star_alone(source: Source, statement: Statement) -> bool:
    """Whether an Allow of a key policy names the caller by `*`, without aws:PrincipalArn among its conditions."""
    by_star = source is Source.KEY_POLICY and statement.principals is not None and statement.principals.anyone
    return by_star and all(getattr(each, "key", "").lower() != "aws:principalarn" for each in statement.conditions)


def trace_policies(source: Source, policies: Iterable[Policy], asked: Asked) -> Iterable[StatementTrace]:
    """The statements of one source that match, and those that match but for a condition."""
    for policy in policies:
        traces = (_trace(source, policy.name, statement, asked) for statement in _statements(source, policy, asked))
        # A statement with an unsupported value stands for two.
        yield from dict.fromkeys(trace for trace in traces if trace is not None)


def _statements(source: Source, policy: Policy, asked: Asked) -> Iterable[Statement]:
    document = policy.document
    if policy.kind not in _SLOTS[source]:
        document = unsupported_document(f"a policy of kind {policy.kind.value!r} used as {source.value}")
    return document.about(asked.action)


def _covers_resource(statement: Statement, asked: Asked) -> bool:
    resources, resource = statement.resources, asked.request.resource
    return (
        resources is None
        or resources.everything
        or resources.match(asked.action, resource.arn, resource.account, asked.context.get, allow=statement.allow)
    )


def _covers(statement: Statement, asked: Asked) -> bool | tuple[str, ...]:
    """Whether the rest of the statement covers the request, whose action and caller it covers; the names of what is
    unsupported if it depends on that. What certainly fails counts first, in any order."""
    unsupported: tuple[str, ...] = ()
    try:
        if not _covers_resource(statement, asked):
            return False
    except NotUnderstoodError as problem:
        unsupported = (str(problem),)
    for condition in statement.conditions:
        try:
            if not condition.holds(asked.context.get):
                return False
        except NotUnderstoodError as problem:
            unsupported += (str(problem),)
    return unsupported or True


def _trace(source: Source, policy: str, statement: Statement, asked: Asked) -> StatementTrace | None:
    """None for a statement that covers another caller or resource, or of which neither is certain."""
    if _named(source, statement, asked) is None:
        return None
    failure: ConditionFailure | None = None
    certain = True
    try:
        if not _covers_resource(statement, asked):
            return None
    except NotUnderstoodError:
        certain = False
    for condition in statement.conditions:
        try:
            if not condition.holds(asked.context.get):
                failure = condition.failure(asked.context.get)
                break
        except NotUnderstoodError:
            certain = False
    if failure is None and not certain:
        return None
    effect = "Allow" if statement.allow else "Deny"
    return StatementTrace(source, policy, statement.label, effect, failure)
