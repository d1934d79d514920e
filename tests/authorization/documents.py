"""Policy documents: parsed, validated and compiled once, reused by every decision.

Source: IAM user guide "IAM JSON policy elements reference"; authorization.md "Policy language".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from authorization.kinds import PolicyKind
from authorization.statements import Document, compile_document

__all__ = ["Policy", "PolicyKind", "parse_policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A named, compiled document, as `parse_policy` makes it."""

    name: str
    kind: PolicyKind
    document: Document = field(default=Document(problem="the policy, which was not made from a document"), repr=False)


def parse_policy(text: str, kind: PolicyKind, name: str) -> Policy:
    """Compile `text` (JSON). Never raises: what cannot be understood is kept as a problem of the policy, and every
    decision that would have to read it refuses and names it. Compiled documents are cached by text and kind."""
    return Policy(name, kind, _compile(text, kind) if isinstance(text, str) else compile_document(text, kind))


@lru_cache(maxsize=1024)
def _compile(text: str, kind: PolicyKind) -> Document:
    return compile_document(text, kind)
