"""Members of a request that LocalStack's models of the services do not have.

AWS's services get new members, and LocalStack's models are older: it drops what it does not know, so that a grant would
be created without its constraint. Such a call is refused, with the member's name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from localstack.aws.api import RequestContext

from emulator.call import name_of
from emulator.offered import not_offered

OF_THE_QUERY_PROTOCOL = frozenset({"Action", "Version"})


def check(context: RequestContext) -> None:
    """Raise UnsupportedOperation, naming the members, for a request whose operation does not have them."""
    assert context.service is not None
    assert context.operation is not None
    shape = context.operation.input_shape
    if str(context.protocol or context.service.protocol) == "query":
        given: dict[str, Any] = {name.partition(".")[0]: None for name in context.request.values}
        unknown = sorted(set(given) - OF_THE_QUERY_PROTOCOL - set(shape.members if shape else ()))
    else:
        unknown = list(_unknown(shape, json.loads(context.request.get_data() or b"{}"), ""))
    if unknown:
        raise not_offered(f"{', '.join(unknown[:10])} of {name_of(context)}")


def _unknown(shape: Shape | None, value: Any, path: str) -> Iterator[str]:
    """The paths of the members that a JSON value has and its shape does not."""
    if isinstance(value, dict) and not isinstance(shape, MapShape):
        members = shape.members if isinstance(shape, StructureShape) else {}
        for name, item in value.items():
            own = f"{path}.{name}" if path else str(name)
            if name not in members:
                yield own
            else:
                yield from _unknown(members[name], item, own)
    elif isinstance(value, dict) and isinstance(shape, MapShape):
        for name, item in value.items():
            yield from _unknown(shape.value, item, f"{path}.{name}")
    elif isinstance(value, list) and isinstance(shape, ListShape):
        for item in value:
            yield from _unknown(shape.member, item, path)
