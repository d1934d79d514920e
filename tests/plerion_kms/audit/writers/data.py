"""report.json, and the JSON Schema that describes it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from plerion_kms.audit.report import Report

_REPORT: TypeAdapter[Report] = TypeAdapter(Report)


def as_json(report: Report) -> str:
    """The report as JSON."""
    return _REPORT.dump_json(report, indent=1).decode() + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of report.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_REPORT.json_schema(mode="serialization")}


def schema_text() -> str:
    """The schema as the file `report.schema.json` holds it."""
    return json.dumps(schema(), indent=2) + "\n"
