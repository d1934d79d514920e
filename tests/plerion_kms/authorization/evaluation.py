"""Reading one policy for one request: which statements match, which nearly do, and which may, for all that is
unsupported in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.context import Context
from plerion_kms.authorization.decision import ConditionFailure, Source, StatementTrace
from plerion_kms.authorization.documents import Policy, Statement, unsupported_document
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.principals import PrincipalMatch, Principals
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
"""The kinds of document that each place may hold. A managed policy serves as boundary or session policy too."""


@dataclass(slots=True)
class PreparedRequest:
    """A request, ready to be compared: its context, its action in lower case, and whether its caller has a permissions
    boundary."""

    request: Request
    context: Context
    action: str
    bounded: bool = False

    @classmethod
    def of(cls, request: Request, *, bounded: bool = False) -> PreparedRequest:
        """Prepare a request."""
        return cls(request, Context(request), request.action.lower(), bounded)


@dataclass(frozen=True, slots=True)
class StatementMatch:
    """A statement that covers the request.

    policy: the name of its policy.
    principal_match: how it names the caller, `PrincipalMatch.SELF` if it names no principals.
    unsupported: what makes it doubtful, empty if it certainly covers the request.
    """

    policy: str
    statement: Statement
    principal_match: PrincipalMatch
    unsupported: tuple[str, ...] = ()


class PolicyAnalysis:
    """What the policies of one source say about a request.

    allowing: the matching Allow that names the caller in the strongest way; denying: a matching Deny; None if there is
    none. doubtful: the statements that match or don't, depending on something unsupported.
    """

    __slots__ = ("allowing", "denying", "doubtful", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.allowing: StatementMatch | None = None
        self.denying: StatementMatch | None = None
        self.doubtful: list[StatementMatch] = []

    def doubts(self, *effects: bool) -> list[StatementMatch]:
        """The doubtful statements that would change what the policies say. effects: True for Allow, False for Deny."""
        certain = self.allowing.principal_match if self.allowing else 0
        return [
            match
            for match in self.doubtful
            if match.statement.allow in effects and not (match.statement.allow and match.principal_match <= certain)
        ]

    def at_most(self) -> PolicyAnalysis:
        """The same if every doubtful Allow matches and no doubtful Deny does."""
        analysis = PolicyAnalysis(self.source)
        analysis.allowing = max(self.doubts(True), key=lambda match: match.principal_match, default=self.allowing)
        return analysis


def analyze_policies(source: Source, policies: Iterable[Policy], prepared: PreparedRequest) -> PolicyAnalysis:
    """Read all the policies of one source. What is unsupported makes a statement doubtful and is never raised."""
    analysis = PolicyAnalysis(source)
    for policy in policies:
        for statement in _statements(source, policy, prepared):
            allow, allowing = statement.allow, analysis.allowing
            matched = _match_principal(source, statement, prepared)
            # An Allow that names the caller in no stronger way adds nothing.
            if matched is None or (allow and allowing is not None and matched <= allowing.principal_match):
                continue
            covers = _covers(statement, prepared)
            if covers is True:
                match = StatementMatch(policy.name, statement, matched)
                if not allow:
                    analysis.denying = match
                    return analysis
                analysis.allowing = match
            elif covers is not False:
                analysis.doubtful.append(StatementMatch(policy.name, statement, matched, covers))
    return analysis


def _match_principal(source: Source, statement: Statement, prepared: PreparedRequest) -> PrincipalMatch | None:
    """How the statement names the caller; None if it does not."""
    principals = statement.principals
    if principals is None:
        return PrincipalMatch.SELF
    matched = principals.match(prepared.request.principal, allow=statement.allow, bounded=prepared.bounded)
    if (
        matched is PrincipalMatch.SELF
        and not unknowns.STAR_PRINCIPAL_IGNORES_BOUNDARY
        and _star_alone(source, principals, statement)
    ):
        return PrincipalMatch.ROLE
    return matched


def _star_alone(source: Source, principals: Principals, statement: Statement) -> bool:
    """Whether an Allow of a key policy names the caller by `*`, without aws:PrincipalArn among its conditions."""
    by_star = source is Source.KEY_POLICY and principals.anyone
    return by_star and all(getattr(each, "key", "").lower() != "aws:principalarn" for each in statement.conditions)


def trace_policies(source: Source, policies: Iterable[Policy], prepared: PreparedRequest) -> Iterable[StatementTrace]:
    """The statements of one source that match, and those that match but for a condition."""
    for policy in policies:
        traces = (
            _trace(source, policy.name, statement, prepared) for statement in _statements(source, policy, prepared)
        )
        # A statement with an unsupported value is compiled to two.
        yield from dict.fromkeys(trace for trace in traces if trace is not None)


def _statements(source: Source, policy: Policy, prepared: PreparedRequest) -> Iterable[Statement]:
    document = policy.document
    if policy.kind not in _SLOTS[source]:
        document = unsupported_document(f"a policy of kind {policy.kind.value!r} used as {source.value}")
    return document.about(prepared.action)


def _covers_resource(statement: Statement, prepared: PreparedRequest) -> bool:
    resources, resource = statement.resources, prepared.request.resource
    return (
        resources is None
        or resources.everything
        or resources.match(prepared.action, resource.arn, resource.account, prepared.context.get, allow=statement.allow)
    )


def _covers(statement: Statement, prepared: PreparedRequest) -> bool | tuple[str, ...]:
    """Whether the rest of the statement covers the request, whose action and caller it covers; the names of what is
    unsupported if it depends on that. If a part certainly fails, the others do not matter."""
    unsupported: tuple[str, ...] = ()
    try:
        if not _covers_resource(statement, prepared):
            return False
    except UnsupportedError as problem:
        unsupported = (str(problem),)
    for condition in statement.conditions:
        try:
            if not condition.holds(prepared.context.get):
                return False
        except UnsupportedError as problem:
            unsupported += (str(problem),)
    return unsupported or True


def _trace(source: Source, policy: str, statement: Statement, prepared: PreparedRequest) -> StatementTrace | None:
    """None for a statement that covers another caller or resource, or of which neither is certain."""
    if _match_principal(source, statement, prepared) is None:
        return None
    failure: ConditionFailure | None = None
    certain = True
    try:
        if not _covers_resource(statement, prepared):
            return None
    except UnsupportedError:
        certain = False
    for condition in statement.conditions:
        try:
            if not condition.holds(prepared.context.get):
                failure = condition.failure(prepared.context.get)
                break
        except UnsupportedError:
            certain = False
    if failure is None and not certain:
        return None
    effect = "Allow" if statement.allow else "Deny"
    return StatementTrace(source, policy, statement.label, effect, failure)
