"""A slip in an expectations file is named, with its place and the mend; it never weakens a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.expectations import read

GOOD = """
keys:
  one: {}
  two: {account: other, policy: names its administrator + cross-account additions, spec: RSA_2048}
access:
  ALL_KEYS:
    appliance:
      one: use GetKeyPolicy
      two: nothing
"""


def test_a_line_names_groups_and_probes(tmp_path: Path) -> None:
    (tmp_path / "access.yaml").write_text(GOOD)
    expectations = read(tmp_path / "access.yaml")
    assert expectations.keys["two"].policy == ("names its administrator", "cross-account additions")
    assert expectations.access["ALL_KEYS"]["appliance"]["one"] == {
        "Encrypt",
        "Decrypt",
        "DecryptWithoutKeyId",
        "ReEncryptFrom",
        "ReEncryptTo",
        "GenerateDataKey",
        "DescribeKey",
        "GetKeyPolicy",
    }
    assert expectations.access["ALL_KEYS"]["appliance"]["two"] == frozenset()


@pytest.mark.parametrize(
    ("wrong", "by", "message"),
    [
        (
            "use GetKeyPolicy",
            "used",
            r"'used' at ALL_KEYS\.appliance\.one is neither a group nor a probe: take some of",
        ),
        ("use GetKeyPolicy", '""', r"ALL_KEYS\.appliance\.one is empty: write 'nothing' for no permission"),
        ("      two: nothing\n", "", r"ALL_KEYS\.appliance must have one line for each key: look at two"),
        (
            "one: {}",
            "one: {polizy: x}",
            r"key 'one' has unknown fields \(polizy\): take some of account, output, policy",
        ),
        ("keys:", "locks:", r"must hold the two parts 'keys' and 'access' and no other"),
        ("keys:", "keys: [", r"cannot be read"),
    ],
)
def test_a_slip_is_named(tmp_path: Path, wrong: str, by: str, message: str) -> None:
    assert wrong in GOOD
    (tmp_path / "access.yaml").write_text(GOOD.replace(wrong, by))
    with pytest.raises(HarnessError, match=message):
        read(tmp_path / "access.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"access\.yaml cannot be read"):
        read(tmp_path / "access.yaml")
