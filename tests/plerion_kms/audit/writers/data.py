"""report.json, and the JSON Schema that describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from plerion_kms.audit.report import Finding, KeyReport, Report, RoleAnswers

NO_ROLES = '"roles":[]}'
"""How a key without answers ends: the answers are its last member."""

_REPORT: TypeAdapter[Report] = TypeAdapter(Report)
_KEY: TypeAdapter[KeyReport] = TypeAdapter(KeyReport)
_FINDING: TypeAdapter[Finding] = TypeAdapter(Finding)
_ROLE: TypeAdapter[RoleAnswers] = TypeAdapter(RoleAnswers)


def pieces(report: Report) -> Iterator[str]:
    """The report as JSON, a key and a finding a piece: in one text they would take hundreds of megabytes."""
    text = _REPORT.dump_json(replace(report, keys=(), findings=()), indent=1).decode()
    head, middle = text.split('"keys": []', 1)
    middle, end = middle.split('"findings": []', 1)
    yield f'{head}"keys": ['
    yield from _listed(_key_texts(report))
    yield f']{middle}"findings": ['
    yield from _listed(_FINDING.dump_json(finding).decode() for finding in report.findings)
    yield f"]{end}\n"


def _key_texts(report: Report) -> Iterator[str]:
    answers: dict[int, str] = {}  # thousands of keys share an object
    for key in report.keys:
        for role in key.roles:
            if id(role) not in answers:
                answers[id(role)] = _ROLE.dump_json(role).decode()
        roles = ",".join(answers[id(role)] for role in key.roles)
        yield f'{_KEY.dump_json(replace(key, roles=())).decode().removesuffix(NO_ROLES)}"roles":[{roles}]}}'


def _listed(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield f"{',' if number else ''}\n  {text}"


def as_json(report: Report) -> str:
    """The report as JSON."""
    return "".join(pieces(report))


def schema() -> dict[str, Any]:
    """The JSON Schema of report.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_REPORT.json_schema(mode="serialization")}


def schema_text() -> str:
    """The schema as the file `report.schema.json` holds it."""
    return json.dumps(schema(), indent=2) + "\n"
