"""Resource Groups Tagging API calls, whose actions have the prefix `tag`."""

from __future__ import annotations

from emulator.by_identity import decide
from emulator.call import Call
from plerion_kms.authorization.decision import Decision
from plerion_kms.authorization.request import Resource


def authorize(call: Call) -> Decision:
    """Ask the engine for `tag:<operation>`; these actions have no resource."""
    return decide(call, f"tag:{call.operation}", Resource("*", call.caller_account), {})
