"""The limits that AWS's API models set to the members of a call: required, length, range, allowed values, pattern.

AWS checks them before it looks at permissions; LocalStack does so for few. Source: botocore's models of the services,
which AWS publishes; the words are those that AWS's answers have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import regex
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from localstack.aws.api import CommonServiceException

SHOWN = 256
LENGTHS = ("string", "blob", "list", "map")
NUMBERS = ("integer", "long", "float", "double")


def check(operation: OperationModel, parameters: Mapping[str, Any], protocol: str) -> None:
    """Raise ValidationError, for JSON services ValidationException, if a member breaks a limit."""
    if operation.input_shape is not None:
        _raise(list(_problems(operation.input_shape, parameters, "")), protocol)


def check_member(operation: OperationModel, name: str, value: Any, protocol: str) -> None:
    """As `check`, for one member."""
    assert operation.input_shape is not None
    _raise(list(_problems(operation.input_shape.members[name], value, _lower(name))), protocol)


def _raise(problems: list[str], protocol: str) -> None:
    if problems:
        code = "ValidationError" if protocol == "query" else "ValidationException"
        number = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
        raise CommonServiceException(code, f"{number} detected: {'; '.join(problems[:10])}", sender_fault=True)


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from _members(shape, value, path)
        return
    yield from _broken(shape, value, path)
    if isinstance(shape, ListShape):
        for number, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path}.key")
            yield from _problems(shape.value, item, f"{path}.{key[:SHOWN]}.value")


def _members(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        own = f"{path}.{_lower(name)}" if path else _lower(name)
        given = value.get(name)
        if given is not None:
            yield from _problems(member, given, own)
        elif name in shape.required_members:
            yield f"Value null at '{own}' failed to satisfy constraint: Member must not be null"


def _broken(shape: Shape, value: Any, path: str) -> Iterator[str]:
    limits = shape.metadata
    least, most = limits.get("min"), limits.get("max")
    failed = f"Value{_shown(shape, value)} at '{path}' failed to satisfy constraint: Member must"
    if shape.type_name in LENGTHS:
        if least is not None and len(value) < least:
            yield f"{failed} have length greater than or equal to {least}"
        if most is not None and len(value) > most:
            yield f"{failed} have length less than or equal to {most}"
    elif shape.type_name in NUMBERS:
        if least is not None and value < least:
            yield f"{failed} have value greater than or equal to {least}"
        if most is not None and value > most:
            yield f"{failed} have value less than or equal to {most}"
    if shape.type_name != "string":
        return
    if "enum" in limits and value not in limits["enum"]:
        yield f"{failed} satisfy enum value set: [{', '.join(limits['enum'])}]"
    if "pattern" in limits and not _pattern(limits["pattern"]).fullmatch(value):
        yield f"{failed} satisfy regular expression pattern: {limits['pattern']}"


@cache
def _pattern(pattern: str) -> Any:
    """The patterns are Java's: \\w and its kin mean ASCII, \\p{L} a letter of any script. None has both."""
    return regex.compile(pattern, 0 if r"\p" in pattern else regex.ASCII)


def _shown(shape: Shape, value: Any) -> str:
    return f" '{str(value)[:SHOWN]}'" if shape.type_name in ("string", *NUMBERS) else ""


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
