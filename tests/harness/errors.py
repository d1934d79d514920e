"""The one error that the harness raises for what its user can mend."""


class HarnessError(Exception):
    """One sentence: what is wrong, where, and how to mend it."""
