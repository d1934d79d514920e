"""report.json is written in pieces, and is the report."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.report import Report
from plerion_kms.audit.writers.data import pieces

from .snapshots import Made


def test_the_pieces_are_the_whole() -> None:
    for count in (0, 1, 3):
        made = Made()
        for number in range(count):
            made.key(
                [made.administration()], aliases=('alias/"keys": []"roles":[]}',), tags={"PlerionAccess": f"x{number}"}
            )
        report = assess(made.snapshot(), Options())
        whole = TypeAdapter(Report).dump_python(report, mode="json")
        assert json.loads("".join(pieces(report))) == whole
