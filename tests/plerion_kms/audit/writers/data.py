"""report.json, and the JSON Schema that describes it.

The file is the report as `plerion_kms.audit.report` has it, but for what thousands of keys share, which stands once: a
key's `roles` are places in `answers`, and a finding's `fix` is one in `fixes`, with the `command` next to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from plerion_kms.audit.report import Finding, Fix, KeyReport, Report, RoleAnswers

_REPORT: TypeAdapter[Report] = TypeAdapter(Report)
_KEY: TypeAdapter[KeyReport] = TypeAdapter(KeyReport)
_FINDING: TypeAdapter[Finding] = TypeAdapter(Finding)
_ROLE: TypeAdapter[RoleAnswers] = TypeAdapter(RoleAnswers)
_FIX: TypeAdapter[Fix] = TypeAdapter(Fix)


class _Table[T]:
    """What stands once, in the order in which it was first asked for."""

    def __init__(self) -> None:
        self.rows: dict[T, int] = {}

    def place(self, row: T) -> int:
        return self.rows.setdefault(row, len(self.rows))


def pieces(report: Report) -> Iterator[str]:
    """The report as JSON, a key and a finding a piece: in one text they would take hundreds of megabytes."""
    answers, fixes = _Table[RoleAnswers](), _Table[Fix]()
    text = _REPORT.dump_json(replace(report, keys=(), findings=()), indent=1).decode()
    head, middle = text.split('"keys": []', 1)
    middle, end = middle.split('"findings": []', 1)
    yield f'{head}"keys": ['
    yield from _listed(_key_text(key, answers) for key in report.keys)
    yield '],\n "answers": ['
    yield from _listed(_ROLE.dump_json(row).decode() for row in answers.rows)
    yield f']{middle}"findings": ['
    yield from _listed(_finding_text(finding, fixes) for finding in report.findings)
    yield '],\n "fixes": ['
    yield from _listed(_FIX.dump_json(row, exclude={"command"}).decode() for row in fixes.rows)
    yield f"]{end}\n"


def _key_text(key: KeyReport, answers: _Table[RoleAnswers]) -> str:
    members = _KEY.dump_python(replace(key, roles=()), mode="json")
    return json.dumps({**members, "roles": [answers.place(row) for row in key.roles]}, ensure_ascii=False)


def _finding_text(finding: Finding, fixes: _Table[Fix]) -> str:
    members = _FINDING.dump_python(finding, mode="json", exclude={"fix"})
    place = fixes.place(replace(finding.fix, command=""))
    return json.dumps({**members, "fix": place, "command": finding.fix.command}, ensure_ascii=False)


def _listed(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield f"{',' if number else ''}\n  {text}"


def schema() -> dict[str, Any]:
    """The JSON Schema of report.json."""
    described = _REPORT.json_schema(mode="serialization")
    definitions = described["$defs"]
    definitions["KeyReport"]["properties"]["roles"]["items"] = _place_in("answers")
    command = definitions["Fix"]["properties"].pop("command")
    definitions["Fix"]["description"] = definitions["Fix"]["description"].replace(
        "command: one shell command, empty if there is none.\n", ""
    )
    finding = definitions["Finding"]
    finding["properties"] |= {"fix": _place_in("fixes"), "command": command}
    for table, of in (("answers", "RoleAnswers"), ("fixes", "Fix")):
        described["properties"][table] = {"title": table.title(), "type": "array", "items": {"$ref": f"#/$defs/{of}"}}
        described["required"].append(table)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def _place_in(table: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "description": f"Place in `{table}`, counted from 0."}


def schema_text() -> str:
    """The schema as the file `report.schema.json` holds it."""
    return json.dumps(schema(), indent=2) + "\n"
