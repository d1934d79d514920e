"""What the engine raises inside itself. No exception leaves its public functions."""

from __future__ import annotations


class UnsupportedError(Exception):
    """Something in a policy or a request has a meaning that the engine does not know; the text names it."""
