"""Errors for requests that cannot be read as a call of a service, in the form that the client's protocol has.

Source of the codes: KMS and STS API references, "Common errors".
"""

from __future__ import annotations

import json
from xml.sax.saxutils import escape


class UnreadableError(Exception):
    """A request that is refused before its operation is known: AWS's code, the HTTP status and a sentence."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


def malformed(message: str) -> UnreadableError:
    """A request that is not well-formed HTTP."""
    return UnreadableError("MalformedHttpRequestException", 400, message)


def body_of(error: UnreadableError, *, query: bool) -> tuple[str, str]:
    """The content type and the body of the answer, for AWS's query protocol (XML) or for its JSON protocol."""
    if query:
        text = f"<Error><Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
        return "text/xml", f"<ErrorResponse>{text}</ErrorResponse>"
    return "application/x-amz-json-1.1", json.dumps({"__type": error.code, "message": error.message})
