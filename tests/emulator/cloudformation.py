"""CloudFormation calls. What a stack then does is authorized call by call, as the one who asked for the stack."""

from __future__ import annotations

from authorization.decision import Decision
from authorization.request import Resource
from emulator.by_identity import decide, request_tags
from emulator.call import Call


def authorize(call: Call) -> Decision:
    """Ask the engine for `cloudformation:<operation>` on the stack that the call names."""
    name = str(call.parameters.get("StackName") or "")
    if name.startswith("arn:"):
        arn = name
    else:
        arn = f"arn:aws:cloudformation:{call.region}:{call.account}:stack/{name}/*" if name else "*"
    return decide(call, f"cloudformation:{call.operation}", Resource(arn, call.account), request_tags(call.parameters))
