"""report.json is written in pieces, is the report, and fits its schema."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import TypeAdapter

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.report import FORMAT, Report
from plerion_kms.audit.writers.data import pieces

from .snapshots import Made

SCHEMA = json.loads(resources.files("plerion_kms.audit").joinpath("report.schema.json").read_text(encoding="utf-8"))


def report_of(count: int) -> Report:
    made = Made()
    for number in range(count):
        made.key(
            [made.administration()],
            aliases=('alias/"keys": []"roles":[]}', "alias/\u00e9\u2028"),
            tags={"PlerionAccess": f"x{number}"},
        )
        made.key([made.root()], tags={"PlerionAccess": "Denied"})
    return assess(made.snapshot(), Options())


def written(report: Report) -> dict[str, Any]:
    data: dict[str, Any] = json.loads("".join(pieces(report)))
    return data


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_pieces_are_the_whole(count: int) -> None:
    report = report_of(count)
    data = written(report)
    assert data["format"] == FORMAT == 2
    for key in data["keys"]:
        key["roles"] = [data["answers"][place] for place in key["roles"]]
    for finding in data["findings"]:
        finding["fix"] = {**data["fixes"][finding["fix"]], "command": finding.pop("command")}
    del data["answers"], data["fixes"]
    assert data == TypeAdapter(Report).dump_python(report, mode="json")


def test_what_keys_share_stands_once() -> None:
    few, many = written(report_of(1)), written(report_of(50))
    assert len(many["keys"]) == 50 * len(few["keys"])
    assert len(many["answers"]) == len(few["answers"])
    assert len(many["fixes"]) == len(few["fixes"])
    assert '"Effect"' not in json.dumps(many["findings"])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_fits_the_schema(count: int) -> None:
    validator = Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    data = written(report_of(count))
    assert [error.message for error in validator.iter_errors(data)] == []
    if count:
        data["keys"][0]["roles"] = [data["answers"][0]]
        data["findings"][0]["fix"] = "x"
        assert len(list(validator.iter_errors(data))) >= 2
