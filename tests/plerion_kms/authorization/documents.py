"""Policy documents: parsed, validated and compiled once, reused by every decision.

Source: IAM user guide "IAM JSON policy elements reference"; authorization.md "Policy language".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.statements import Document, compile_document, unsupported_document

__all__ = ["Policy", "PolicyKind", "parse_policy"]

MAX_CACHED_CHARACTERS = 1 << 25
"""How much text the compiled documents that are kept may have together: 10,000 policies of 3,300 characters. A compiled
document takes about 17 bytes of memory for each character."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A named, compiled document, as `parse_policy` makes it."""

    name: str
    kind: PolicyKind
    document: Document = field(
        default=unsupported_document("the policy, which was not made from a document"), repr=False
    )


def parse_policy(text: str, kind: PolicyKind, name: str) -> Policy:
    """Compile `text` (JSON). Never raises: what is unsupported is kept as such, and a decision that depends on it is
    undecided and names it. Compiled documents are cached by text and kind."""
    return Policy(name, kind, _CACHE.get(text, kind) if isinstance(text, str) else compile_document(text, kind))


class Cache:
    """Compiled documents by their text and kind; the oldest go first. Safe for threads. size: how many characters their
    texts may have together."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._documents: dict[tuple[str, PolicyKind], Document] = {}
        self._lock = Lock()

    def get(self, text: str, kind: PolicyKind) -> Document:
        """The document, compiled now if it is not kept."""
        key = (text, kind)
        document = self._documents.get(key)
        if document is not None:
            return document
        document = compile_document(text, kind)
        with self._lock:
            if key not in self._documents:
                self._documents[key] = document
                self._used += len(text)
            while self._used > self._size:
                oldest = next(iter(self._documents))
                del self._documents[oldest]
                self._used -= len(oldest[0])
        return document

    def cache_clear(self) -> None:
        """Keep nothing, as `cache_clear` of functools.lru_cache does."""
        with self._lock:
            self._documents.clear()
            self._used = 0


_CACHE = Cache(MAX_CACHED_CHARACTERS)
