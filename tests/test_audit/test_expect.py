"""`--expect FILE`: what differs from a file written by hand, and files that can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from plerion_kms.audit import cli, saved
from test_audit.account import ACCOUNT, KEY, World, allow, document

ISOLATED = document(allow(principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}))
BY_NIGHT = document(allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
FILE = """
keys:
  app: {{arn: "{arn}"}}
access:
  ALL_KEYS:
    appliance: {{app: {appliance}}}
    access: {{app: {access}}}
  SELECTED_KEYS:
    appliance: {{app: nothing}}
    access: {{app: metadata}}
"""
DIFFERENCES = [
    # world, lines for appliance and access role, sentences
    (World(), ("use extend", "metadata"), []),
    (World(), ("use", "metadata"), ["The appliance role is allowed kms:CreateGrant, kms:GenerateDataKeyPair, kms:Gen"]),
    (World(), ("use extend", "DescribeKey"), ["The access role is allowed kms:GetKeyPolicy"]),
    (World(ISOLATED), ("nothing", "nothing"), []),
    (World(ISOLATED), ("Decrypt", "nothing"), ["The appliance role is refused kms:Decrypt on"]),
    (World(ISOLATED), ("DecryptWithoutKeyId", "nothing"), ["The appliance role is refused kms:Decrypt on"]),
    # What is undecided is neither expectation.
    (World(BY_NIGHT), ("nothing", "nothing"), ["The appliance role can't be decided for kms:CreateGrant",
                                              "The access role can't be decided for kms:DescribeKey"]),
    (World(tags={"PlerionAccess": "Denied"}), ("nothing", "metadata"), []),
]  # fmt: skip


def run(folder: Path, world: World, text: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    """The exit code and what was printed."""
    saved.save(world.snapshot(), folder / "saved")
    (folder / "access.yaml").write_text(text)
    code = cli.main(["audit", "--from", str(folder / "saved"), "--expect", str(folder / "access.yaml"), *more])
    output = capsys.readouterr()
    return code, " ".join(output.out.split()), output.err


@pytest.mark.parametrize(("world", "lines", "sentences"), DIFFERENCES)
def test_differences(
    world: World, lines: tuple[str, str], sentences: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FILE.format(arn=KEY, appliance=lines[0], access=lines[1])
    _, out, err = run(tmp_path, world, text, capsys)
    assert err == ""
    assert all(sentence in out for sentence in sentences)
    assert ("PLERION_KMS_16" in out) == bool(sentences)


def test_a_difference_fails_ci(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, (line, code) in enumerate((("use extend", 0), ("use", 1))):
        (tmp_path / str(number)).mkdir()
        text = FILE.format(arn=KEY, appliance=line, access="metadata")
        assert run(tmp_path / str(number), World(), text, capsys)[0] == code


def test_the_mode_of_the_what_if_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = FILE.format(arn=KEY, appliance="use extend", access="metadata")
    code, out, _ = run(tmp_path, World(), text, capsys, "--mode", "SELECTED_KEYS")
    assert (code, "PLERION_KMS_16" in out) == (0, False)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (FILE.format(arn=KEY.replace("key/1", "key/2"), appliance="use", access="use"), "which could not be judged"),
        (FILE.format(arn="alias/app", appliance="use", access="use"), "line 3"),
        (FILE.format(arn=KEY, appliance="everything", access="use"), "neither a group nor a permission"),
        ("keys: {}\n", "keys is empty"),
        ("- a\n", "instead of names with values"),
    ],
)
def test_a_file_that_cannot_be_used(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(tmp_path, World(), text, capsys)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1
