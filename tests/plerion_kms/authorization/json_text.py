"""Strict JSON, as policies use it: each way in which a hostile text could mislead the reader is refused and named.

Source: RFC 8259; IAM user guide "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import json

from plerion_kms.authorization.errors import UnsupportedError

MAX_CHARACTERS = 1 << 20
"""More than any document that AWS stores (a key policy has at most 131,072 characters in the API): longer is not
read."""


class JsonNumber(str):
    """A number of a JSON text, as its digits: policies compare it as text, and digits are never rounded."""

    __slots__ = ()


def parse_json(text: str) -> object:
    """The content of a JSON text; numbers as JsonNumber.

    Raises UnsupportedError for anything that is not JSON, for names that appear twice in an object, for text that is
    no valid Unicode, and for nesting that no policy has.
    """
    if not isinstance(text, str):
        raise UnsupportedError("the document, which is not text")
    if len(text) > MAX_CHARACTERS:
        raise UnsupportedError(f"the document, which has more than {MAX_CHARACTERS} characters")
    try:
        content: object = json.loads(
            text, object_pairs_hook=_no_duplicates, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=_refuse
        )
        json.dumps(content, ensure_ascii=False).encode()
    except UnsupportedError:
        raise
    except RecursionError:
        raise UnsupportedError("the document, which is nested too deeply") from None
    except UnicodeError:
        raise UnsupportedError("the document, which holds text that is not valid Unicode") from None
    except ValueError as error:
        raise UnsupportedError(f"the document, which is not JSON ({error})") from None
    return content


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise UnsupportedError(f"the document, which has the name {name!r} twice in one object")
            seen.add(name)
    return members


def _refuse(constant: str) -> object:
    raise UnsupportedError(f"the document, which is not JSON ({constant})")
