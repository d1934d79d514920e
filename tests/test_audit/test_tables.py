"""keys.csv."""

from __future__ import annotations

import csv
import io

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.writers import tables

from .snapshots import ACCOUNT, Made

FORMULAS = ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", " =1", "\uff1d1")


def rows_of(made: Made) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(tables.render(assess(made.snapshot(), Options()))), newline="")))


def test_a_key_is_a_row() -> None:
    made = Made()
    arn = made.key([made.administration()], aliases=("alias/a", "alias/b"))
    [row] = rows_of(made)
    assert (row["account"], row["region"], row["key_arn"]) == (ACCOUNT, "us-east-1", arn)
    assert (row["aliases"], row["verdict"]) == ("alias/a alias/b", "not delegating")
    assert row["findings"] == "PLERION_KMS_01 PLERION_KMS_02"
    assert "kms:Decrypt" in row["missing"].split()


def test_no_cell_is_a_formula() -> None:
    made = Made()
    for text in FORMULAS:
        made.key([made.root()], tags={"PlerionAccess": text}, aliases=(text,))
    for row, text in zip(rows_of(made), FORMULAS, strict=True):
        assert row["tag"] == f"'{text}"
        assert row["aliases"] == f"'{text}"


def test_lines_and_quotes_stay_in_their_cell() -> None:
    made = Made()
    made.key([made.root()], tags={"PlerionAccess": 'a,"b"\nc'})
    [row] = rows_of(made)
    assert row["tag"] == 'a,"b"\nc'
