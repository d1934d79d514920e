"""The `Resource` and `NotResource` elements.

Source: IAM user guide "IAM JSON policy elements: Resource", "... NotResource"; KMS developer guide "AWS KMS
permissions"; authorization.md "Action / Resource / Principal / Not*".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from authorization.arn import parse_arn
from authorization.conditions import Lookup
from authorization.errors import NotUnderstoodError
from authorization.patterns import Part, Pattern, compile_parts, split_parts
from authorization.variables import Template, parse_template

type Segments = tuple[Pattern, ...]
"""Six patterns for the six parts of an ARN; fewer where the last one ends with a star; one, all stars, for every
resource."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One value of the element: compiled, or its template where it holds variables."""

    segments: Segments | None
    template: Template

    def resolve(self, lookup: Lookup) -> Segments | None:
        if self.segments is not None:
            return self.segments
        parts = self.template.resolve(lookup)
        return None if parts is None else _compile_segments(parts)


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources that a statement names. complement: the element was `NotResource`."""

    entries: tuple[_Entry, ...]
    complement: bool = False

    def variables(self) -> set[str]:
        """The keys of the policy variables in it."""
        return {key for entry in self.entries for key in entry.template.variables()}

    def match(self, action: str, arn: str, account: str, lookup: Lookup) -> bool:
        """Whether the resource is meant. `arn` is `*` for an action that works on no resource; `action` is in lower
        case.

        A value whose variable cannot be resolved matches no resource, in NotResource too (there it excludes nothing,
        and the statement does not match either): IAM user guide "Policy variables with no value".
        """
        named = False
        for entry in self.entries:
            segments = entry.resolve(lookup)
            if segments is None:
                if self.complement:
                    return False
                continue
            named = named or _matches(segments, action, arn, account, lookup)
        return named is not self.complement


def compile_resources(values: Sequence[str], *, complement: bool, variables: bool) -> Resources:
    """Compile the element's values. Raises NotUnderstoodError for one that is neither `*` nor an ARN of six parts, and
    for a variable that stands before the fifth colon."""
    return Resources(tuple(_compile_entry(value, variables=variables) for value in values), complement)


def _compile_entry(value: str, *, variables: bool) -> _Entry:
    template = parse_template(value, variables=variables)
    if template.is_plain:
        return _Entry(_compile_segments(template.plain_parts()), template)
    head = value.partition("${")[0]
    if head.count(":") < 5:
        raise NotUnderstoodError(f"the resource {value!r}, with a variable before its fifth colon")
    return _Entry(None, template)


def _compile_segments(parts: list[Part]) -> Segments:
    segments = tuple(compile_parts(segment) for segment in split_parts(parts, ":", 5))
    # A star at the end of a shorter ARN reaches over the colons that follow (IAM user guide "Resource").
    if len(segments) == 6 or segments[0].is_star or (segments[-1].ends_with_star and segments[0].matches("arn")):
        return segments
    text = "".join(text for text, _ in parts)
    raise NotUnderstoodError(f"the resource {text!r}, which is neither `*` nor an ARN")


def _matches(segments: Segments, action: str, arn: str, account: str, lookup: Lookup) -> bool:
    if len(segments) == 1 and segments[0].is_star:
        return True
    if arn == "*":
        return len(segments) == 6 and _matches_no_resource(segments, action, account, lookup)
    if parse_arn(arn) is None:
        raise NotUnderstoodError(f"the requested resource {arn!r}, which is no ARN")
    texts = arn.split(":", len(segments) - 1)
    return all(segment.matches(text) for segment, text in zip(segments, texts, strict=True))


def _matches_no_resource(segments: Segments, action: str, account: str, lookup: Lookup) -> bool:
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
