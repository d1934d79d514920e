"""Which keys the decision can't distinguish, so that it is made once for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Mapping

from plerion_kms.audit.snapshot import SavedKey

ANY_KEY = re.compile(r'"arn:(\*|[\w-]+):kms:\*:(\*|\d{12}):key/\*"')
"""A Resource that covers every key of every Region. A policy with another ARN of KMS may tell keys apart."""


class Alike:
    """What the given policies and a key's own one look at.

    A policy tells keys apart by their ARN (a Resource that names keys), their Region (kms:ViaService,
    aws:RequestedRegion), their aliases (kms:ResourceAliases), the tags that it names (aws:ResourceTag/NAME), and what
    SavedKey says of their kind. Where a text can't be read as JSON, everything counts.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """texts: of all policies that apply but the key's own."""
        self._others = "\n".join(map(_plain, texts))
        self._known: dict[str, str] = {}

    def of(self, key: SavedKey, policy: str) -> Hashable:
        """Equal for keys that are decided alike. policy: the key's own, as text."""
        looked_at = self._known.get(policy)
        if looked_at is None:
            looked_at = self._known[policy] = f"{self._others}\n{_plain(policy)}"
        everything = not looked_at.isascii()
        rest = ANY_KEY.sub("", looked_at)
        named = everything or ":key/" in rest or ":kms:" in rest
        placed = "viaservice" in looked_at or "requestedregion" in looked_at
        return (
            key.arn if named else key.arn.rpartition("/")[0] if placed else "",
            policy,
            self._tags(key.tags or {}, looked_at, everything=everything),
            key.aliases if everything or "resourcealiases" in looked_at else None,
            (key.state, key.spec, key.usage, key.origin, key.multi_region_type, key.manager),
            repr(key.grants),
        )

    @staticmethod
    def _tags(tags: Mapping[str, str], looked_at: str, *, everything: bool) -> tuple[tuple[str, str], ...]:
        return tuple(
            (name, value)
            for name, value in tags.items()
            if everything or not name.isascii() or f"resourcetag/{name.lower()}" in looked_at
        )


def _plain(text: str) -> str:
    """The text in lower case and without the escapes that JSON allows; something beyond ASCII if it is no JSON."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False).lower()
    except ValueError:
        return "\u27e8unreadable\u27e9"
