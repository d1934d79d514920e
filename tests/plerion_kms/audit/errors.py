"""The audit's own error: wrong use, or nothing that could be looked at."""


class AuditError(Exception):
    """One sentence: what is wrong, where, and how to fix it."""
