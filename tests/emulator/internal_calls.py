"""LocalStack's calls to itself, attributed to the caller that triggered them, including calls from its threads.

CloudFormation, for one, creates a stack's resources in a thread. The thread inherits the context variables of the
request that started it, so that the gate knows the caller.
"""

from __future__ import annotations

import contextvars
from typing import Any

from localstack.utils.threads import FuncThread


def carry_context_into_threads() -> None:
    """Make LocalStack's one-shot threads run in the context that started them. Thread pools are left alone: a
    thread of theirs serves many requests."""
    start = FuncThread.start

    def start_in_context(thread: Any) -> None:
        context, run = contextvars.copy_context(), thread.run
        thread.run = lambda: context.run(run)
        start(thread)

    FuncThread.start = start_in_context
