"""The form of an access file (`access.yaml`): who may do what with which key, written by hand.

The file has two parts. `keys` names the keys and describes each. `access` has a line for each mode, principal and key:
the calls that are allowed, as names of groups and probes; `nothing` if there are none. What a line does not name is
refused. Every mode names every principal, and every principal every key.

What describes a key, and which principals there are, is up to the caller: `AccessFile[Key, Principals]`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self, TypedDict, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, with_config
from pydantic_core import ErrorDetails

from plerion_kms.probes import GROUPS, PROBES
from plerion_kms.strict_yaml import Document, Place, YamlError, load

MAX_NAME = 100
MAX_SHOWN = 60
MAX_ERRORS = 50
"""As many are put into the file's order; a hostile file has one in each of its lines."""


class AccessFileError(ValueError):
    """One sentence: the file, the line, the place, what is wrong and how to fix it."""


def allowed_by(line: str) -> frozenset[str]:
    """The names of the probes that a line allows, its groups replaced by what they stand for."""
    return frozenset(name for word in line.split() for name in GROUPS.get(word, (word,)))


def _checked(line: str) -> str:
    words = line.split()
    if not words:
        raise ValueError("is empty: write 'nothing' for no permission")
    for word in words:
        if word not in GROUPS and word not in PROBES:
            choice = ", ".join((*GROUPS, *PROBES))
            raise ValueError(f"has {_shown(word)}, which is neither a group nor a permission: use some of {choice}")
        if words.count(word) > 1:
            raise ValueError(f"has {_shown(word)} twice: remove one of the two")
    if "nothing" in words and len(words) > 1:
        raise ValueError("has 'nothing' and permissions: keep one of the two")
    return line


def _printable(name: str) -> str:
    if not name.isprintable() or name != name.strip() or not name or len(name) > MAX_NAME:
        raise ValueError(f"is no name: use 1 to {MAX_NAME} printable characters without spaces around them")
    return name


type Name = Annotated[str, AfterValidator(_printable)]
type Line = Annotated[str, AfterValidator(_checked)]
type Lines = dict[str, Line]
"""Key -> line."""


@with_config(ConfigDict(strict=True, extra="forbid"))
class Modes[Principals](TypedDict):
    """Mode -> principal -> key -> line."""

    ALL_KEYS: Principals
    SELECTED_KEYS: Principals


class AccessFile[Key: BaseModel, Principals](BaseModel):
    """An access file.

    Key: a model that forbids extra fields. Principals: a TypedDict with `Lines` for each principal, which forbids extra
    names as well.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    keys: Annotated[dict[Name, Key], Field(min_length=1)]
    access: Modes[Principals]

    @classmethod
    def read(cls, path: Path, lacks: Callable[[Key], Collection[str]] = lambda _: ()) -> Self:
        """Read and check a file. Raises AccessFileError.

        lacks: the probes that a key does not have, and which its lines may therefore not name by themselves.
        """
        try:
            document = load(path)
        except YamlError as error:
            raise AccessFileError(str(error)) from error
        try:
            file = cls.model_validate(document.value)
        except ValidationError as error:
            raise AccessFileError(_first(cls, path, document, error)) from error
        # Validation is strict, so that it changes nothing but the order; the first mode of the file has a meaning.
        file = file.model_copy(update={"access": document.value["access"]})
        for place, lines in file.lines():
            for key in (*lines, *file.keys):
                wrong = file._wrong_line(key, lines, lacks)
                if wrong:
                    raise AccessFileError(_sentence(path, document.line((*place, key)), place, wrong))
        return file

    def _wrong_line(self, key: str, lines: Lines, lacks: Callable[[Key], Collection[str]]) -> str | None:
        if key not in lines:
            return f"has no line for the key {_shown(key)}: add it, with 'nothing' for no permission"
        if key not in self.keys:
            return f"has a line for {_shown(key)}, which 'keys' lacks: describe that key or remove the line"
        lacking = [word for word in lines[key].split() if word in lacks(self.keys[key])]
        return f"has '{lacking[0]}' for {_shown(key)}, a key without that call: remove it" if lacking else None

    def lines(self) -> list[tuple[tuple[str, str, str], Lines]]:
        """The place and the lines of each principal in each mode, in the file's order."""
        by_mode = cast(Mapping[str, Mapping[str, Lines]], self.access)
        return [
            (("access", mode, principal), lines)
            for mode, by_principal in by_mode.items()
            for principal, lines in by_principal.items()
        ]


def _first(form: type[AccessFile[Any, Any]], path: Path, document: Document, error: ValidationError) -> str:
    """The sentence for the error that comes first in the file."""
    errors = error.errors(include_url=False)[:MAX_ERRORS]
    lines = [document.line(each["loc"]) for each in errors]
    line, first = min(zip(lines, errors, strict=True), key=lambda each: each[0])
    return _sentence(path, line, *_wrong(form, first))


def _wrong(form: type[AccessFile[Any, Any]], error: ErrorDetails) -> tuple[Place, str]:
    """The place of an error, and what is wrong there with its fix."""
    place, kind, value = error["loc"], error["type"], error["input"]
    if kind == "invalid_key":
        return place[:-1], f"has the name {_shown(value)}, which is not text: put it in quotes"
    if place[-1:] == ("[key]",):
        name = _wrong_value(error) if isinstance(value, str) else "is not text: put it in quotes"
        return place[:-2], f"has the name {_shown(value)}, which {name}"
    if kind == "missing":
        return place[:-1], f"has no {_shown(place[-1])}: add it"
    if kind == "extra_forbidden":
        choice = ", ".join(_known(form, place))
        return place[:-1], f"has the unknown {_shown(place[-1])}: use some of {choice}"
    if kind == "too_short" and value == {}:
        return place, "is empty: add at least one entry"
    return place, _wrong_value(error)


def _wrong_value(error: ErrorDetails) -> str:
    kind, value = error["type"], error["input"]
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if isinstance(value, date):
        return f"is {str(value)!r}, a date in YAML: put it in quotes"
    if kind == "literal_error":
        return f"is {_shown(value)}: use {error['ctx']['expected']}"
    if kind == "string_type":
        fix = "write one text" if value is None or isinstance(value, (list, dict, set)) else "put it in quotes"
        return f"is {_shown(value)} instead of text: {fix}"
    if kind in ("dict_type", "model_type"):
        return f"is {_shown(value)} instead of names with values: write 'name: value', or {{}} for none"
    return f"is {_shown(value)}: {error['msg']}"


def _known(form: type[AccessFile[Any, Any]], place: Place) -> list[str]:
    """The names that the form has where the last step of the place is."""
    key, principals = form.__pydantic_generic_metadata__["args"]
    match place:
        case (_,):
            return list(form.model_fields)
        case ("access", _):
            return list(Modes.__annotations__)
        case ("access", _, _):
            return list(principals.__annotations__)
        case _:
            return list(key.model_fields)


def _sentence(path: Path, line: int, place: Place, wrong: str) -> str:
    where = ".".join(str(step) if str(step).isprintable() else ascii(step) for step in place) or "the file"
    return f"{path}, line {line}: {where} {wrong}."


def _shown(value: object) -> str:
    """A value as a sentence can hold it."""
    kinds: dict[type, str] = {type(None): "nothing", list: "a list", dict: "a mapping", set: "a set", bytes: "bytes"}
    if type(value) in kinds:
        return kinds[type(value)]
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    text = value if isinstance(value, str) else str(value)
    return ascii(text) if len(text) <= MAX_SHOWN else ascii(text[:MAX_SHOWN]) + "..."
