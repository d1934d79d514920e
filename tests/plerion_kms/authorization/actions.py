"""The `Action` and `NotAction` elements.

Source: IAM user guide "IAM JSON policy elements: Action", "... NotAction"; RULES.md "Action, Resource,
Principal and their complements".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.patterns import Pattern, compile_pattern

_FORM = re.compile(r"\*(:\*)?|[a-z0-9-]{1,64}:[a-z0-9*?-]{1,256}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions that a statement names, in lower case: whole names, and patterns.

    complement: the element was `NotAction`, so that every other action matches.
    """

    names: frozenset[str]
    patterns: tuple[Pattern, ...]
    complement: bool = False

    def match(self, action: str) -> bool:
        """Whether the action, given in lower case, is meant. Case does not matter."""
        named = action in self.names or any(pattern.matches(action) for pattern in self.patterns)
        return named != self.complement


def compile_actions(values: Sequence[str], *, complement: bool = False) -> Actions:
    """Compile the element's values. Raises UnsupportedError for one that is neither `*` nor `service:Name`."""
    names, patterns = set(), []
    for value in values:
        folded = value.lower()
        if not _FORM.fullmatch(folded):
            raise UnsupportedError(f"the action {value!r}")
        if "*" in folded or "?" in folded:
            patterns.append(compile_pattern("*" if folded == "*:*" else folded))
        else:
            names.add(folded)
    return Actions(frozenset(names), tuple(patterns), complement)
