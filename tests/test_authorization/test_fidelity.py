"""README.md says what nobody knows: all of it, and nothing that the code does not decide."""

from __future__ import annotations

import re
from pathlib import Path

from plerion_kms.authorization import unknowns

README = Path(__file__).parents[2] / "README.md"


def test_readme_lists_every_unknown() -> None:
    section = README.read_text().partition("\n## How faithful it is\n")[2].partition("\n## ")[0]
    listed = re.findall(r"`([A-Z][A-Z_]+[A-Z])`", section)
    assert sorted(listed) == sorted(name for name in vars(unknowns) if name.isupper())
