"""A saved folder gives back what was read, and one that was changed is refused with a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields
from importlib import resources
from pathlib import Path

import pytest

from plerion_kms.audit import saved
from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.snapshot import (
    FORMAT,
    Problem,
    SavedAccount,
    SavedGrant,
    SavedKey,
    SavedRegion,
    SavedRole,
    Snapshot,
)
from test_audit.account import ACCOUNT, APPLIANCE, REGION, World, document


def make(folder: Path) -> None:
    """Save an account with a role and a key."""
    saved.save(World(roles=[{"arn": APPLIANCE, "inline": {"p": document()}}]).snapshot(), folder)


def test_round_trip(tmp_path: Path) -> None:
    snapshot = World(roles=[{"arn": APPLIANCE, "inline": {"p": document()}}], organization="o-1").snapshot()
    saved.save(snapshot, tmp_path / "new")
    assert saved.load(tmp_path / "new") == snapshot


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(AuditError, match="is not empty: name a new folder"):
        make(tmp_path)


def _edit(path: Path, **members: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **members}), encoding="utf-8")


def _accounts(folder: Path, account: str) -> None:
    index = json.loads((folder / "snapshot.json").read_text(encoding="utf-8"))
    index["accounts"][0]["account"] = account
    (folder / "snapshot.json").write_text(json.dumps(index), encoding="utf-8")


def _digest(folder: Path, digest: str) -> None:
    path = folder / "keys" / ACCOUNT / f"{REGION}.json"
    region = json.loads(path.read_text(encoding="utf-8"))
    region["keys"][0]["policy"] = digest
    path.write_text(json.dumps(region), encoding="utf-8")


def _every(folder: Path, change: Callable[[Path], object]) -> None:
    for path in (folder / "policies").iterdir():
        change(path)


CHANGES: list[tuple[str, Callable[[Path], object], str]] = [
    ("index gone", lambda f: (f / "snapshot.json").unlink(), "give --from a folder that --save has written"),
    ("no JSON", lambda f: (f / "snapshot.json").write_text("{"), "is not what --save writes"),
    ("another format", lambda f: _edit(f / "snapshot.json", format=99), "has the format 99"),
    ("policy changed", lambda f: _every(f, lambda p: p.write_text("{}")), "was changed after it was saved"),
    ("policy gone", lambda f: _every(f, Path.unlink), "copy the saved folder whole"),
    ("account leads out of the folder", lambda f: _accounts(f, "../.."), "is not what --save writes"),
    ("digest leads out of the folder", lambda f: _digest(f, "../snapshot"), "is not what --save writes"),
]


@pytest.mark.parametrize(("change", "sentence"), [pytest.param(*row[1:], id=row[0]) for row in CHANGES])
def test_changed(change: Callable[[Path], object], sentence: str, tmp_path: Path) -> None:
    make(tmp_path / "s")
    change(tmp_path / "s")
    with pytest.raises(AuditError, match=re.escape(sentence)):
        saved.load(tmp_path / "s")


def test_every_member_is_documented() -> None:
    text = resources.files("plerion_kms.audit").joinpath("FORMAT.md").read_text(encoding="utf-8")
    assert f"format {FORMAT}." in text
    for kind in (Snapshot, SavedAccount, SavedRole, SavedRegion, SavedKey, SavedGrant, Problem):
        for member in fields(kind):
            assert f"`{member.name}`" in text, (kind, member.name)
