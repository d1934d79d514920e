"""The `Resource` and `NotResource` elements.

Source: IAM user guide "IAM JSON policy elements: Resource", "... NotResource", "IAM identifiers"; KMS developer guide
"AWS KMS permissions"; RULES.md "Action, Resource, Principal and their complements".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plerion_kms.authorization import unknowns
from plerion_kms.authorization.arn import parse_arn
from plerion_kms.authorization.conditions import Lookup
from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.patterns import Part, Pattern, compile_parts, compile_pattern, split_parts
from plerion_kms.authorization.variables import Template, parse_template

_COMPLETED = (PolicyKind.IDENTITY, PolicyKind.BOUNDARY)
"""Where AWS completes an ARN of fewer than six parts with stars (IAM user guide "IAM identifiers"). AWS refuses such an
ARN in a session policy; about the other kinds its text says nothing, and there only a star at the end reaches on."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A compiled value.

    segments: six patterns for the six parts of an ARN; fewer where the last one ends with a star; one, all stars, for
        every resource.
    run_on: for an ARN of fewer than six parts, the pattern whose stars reach over colons (README.md, "Unknown").
    """

    segments: tuple[Pattern, ...]
    run_on: Pattern | None = None

    @property
    def is_star(self) -> bool:
        """Whether it is every resource."""
        return len(self.segments) == 1 and self.segments[0].is_star


@dataclass(frozen=True, slots=True)
class _Entry:
    """One value of the element: compiled, or its template where it holds variables."""

    form: _Form | None
    template: Template

    def resolve(self, lookup: Lookup) -> _Form | None:
        if self.form is not None:
            return self.form
        parts = self.template.resolve(lookup)
        # Variables are after the fifth colon only, so that the ARN has six parts.
        return None if parts is None else _Form(_segments(parts))


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources that a statement names. complement: the element was `NotResource`; everything: it was `Resource`
    with `*` among its values, so that nothing needs to be compared."""

    entries: tuple[_Entry, ...]
    complement: bool = False
    everything: bool = False

    def variables(self) -> set[str]:
        """The keys of the policy variables in it."""
        return {key for entry in self.entries for key in entry.template.variables()}

    def match(self, action: str, arn: str, account: str, lookup: Lookup, *, allow: bool) -> bool:
        """Whether the resource is meant. `arn` is `*` for an action that works on no resource; `action` is in lower
        case; allow: whether the statement's effect is Allow.

        A value whose variable cannot be resolved fits no resource: IAM user guide "Policy variables with no value".
        Raises UnsupportedError where the answer depends on something unsupported.
        """
        # A Resource of a Deny and a NotResource of an Allow refuse what fits them.
        fitting_refuses = allow == self.complement
        named = False
        problem: UnsupportedError | None = None
        for entry in self.entries:
            try:
                form = entry.resolve(lookup)
                if form is not None:
                    named = named or _fits(form, action, arn, account, lookup, run_on=fitting_refuses)
                elif self.complement and allow and not unknowns.UNRESOLVED_NOT_RESOURCE_ALLOWS:
                    return False
            except UnsupportedError as raised:
                problem = raised
        if problem is not None and not named:
            raise problem
        return named != self.complement


def compile_resources(
    values: Sequence[str], kind: PolicyKind, *, variables: bool | None, complement: bool = False
) -> Resources:
    """Compile the element's values; `variables` as for `parse_template`. Raises UnsupportedError for one that is
    neither `*` nor an ARN, that has a wildcard in the service's part, or a variable before the fifth colon. kind: the
    kind of policy, which decides about ARNs of fewer than six parts."""
    entries = tuple(_compile_entry(value, kind, variables=variables) for value in values)
    return Resources(
        entries, complement, not complement and any(entry.form is not None and entry.form.is_star for entry in entries)
    )


def names_service(value: str) -> bool:
    """Whether an ARN, as far as it goes, names its service without wildcards."""
    return not any(wildcard in part for part in value.split(":", 3)[2:3] for wildcard in "*?")


def _compile_entry(value: str, kind: PolicyKind, *, variables: bool | None) -> _Entry:
    template = parse_template(value, variables=variables)
    if not names_service(value):
        raise UnsupportedError(f"the resource {value!r}, with a wildcard in place of its service")
    if template.is_plain:
        return _Entry(_compile_form(template.plain_parts(), kind), template)
    head = value.partition("${")[0]
    if head.count(":") < 5:
        raise UnsupportedError(f"the resource {value!r}, with a variable before its fifth colon")
    return _Entry(None, template)


def _segments(parts: list[Part]) -> tuple[Pattern, ...]:
    return tuple(compile_parts(segment) for segment in split_parts(parts, ":", 5))


def _compile_form(parts: list[Part], kind: PolicyKind) -> _Form:
    segments = _segments(parts)
    if len(segments) == 6 or segments[0].is_star:
        return _Form(segments)
    if segments[0].matches("arn"):
        if kind in _COMPLETED:
            return _Form(segments + (compile_pattern("*"),) * (6 - len(segments)), compile_parts(parts))
        if kind is not PolicyKind.SESSION and segments[-1].ends_with_star:
            return _Form(segments, compile_parts(parts))
    text = "".join(text for text, _ in parts)
    raise UnsupportedError(f"the resource {text!r}, which is neither `*` nor an ARN")


def _fits(form: _Form, action: str, arn: str, account: str, lookup: Lookup, *, run_on: bool) -> bool:
    """run_on: whether stars reach over colons where the ARN has fewer than six parts."""
    if form.is_star:
        return True
    segments = form.segments
    if arn == "*":
        return len(segments) == 6 and _matches_no_resource(segments, action, account, lookup)
    if parse_arn(arn) is None:
        raise UnsupportedError(f"the requested resource {arn!r}, which is no ARN")
    if run_on and form.run_on is not None and form.run_on.matches(arn):
        return True
    texts = arn.split(":", len(segments) - 1)
    return all(segment.matches(text) for segment, text in zip(segments, texts, strict=True))


def _matches_no_resource(segments: tuple[Pattern, ...], action: str, account: str, lookup: Lookup) -> bool:
    # KMS documents that `arn:aws:kms:REGION:ACCOUNT:*` also covers what works on no resource.
    service = action.partition(":")[0]
    if service != "kms" or not segments[5].is_star:
        return False
    region = lookup("aws:RequestedRegion")
    return (
        segments[0].matches("arn")
        and segments[2].matches(service)
        and (segments[3].is_star or (isinstance(region, str) and segments[3].matches(region)))
        and segments[4].matches(account)
    )
