"""A slip in an access file is named in one sentence, with its place and its fix; it never weakens a test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.access.expectations import load, read
from harness.access.probes import CALLS
from harness.aws.cloud import EmulatedCloud
from harness.aws.keys import STATEMENTS, KeyDescription, statements
from harness.aws.principals import Principal
from harness.errors import HarnessError
from harness.examples.accounts import Stage
from harness.paths import EXAMPLES
from plerion_kms.probes import GROUPS, PROBES

FILES = yaml.safe_load(Path(__file__).with_name("odd_access_files.yaml").read_text(encoding="utf-8"))
GOOD: str = FILES["good"]
KEY = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "access.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_line_names_groups_and_permissions(tmp_path: Path) -> None:
    expectations = read(written(tmp_path, GOOD))
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
    assert expectations.access["ALL_KEYS"]["tag-bearer"]["one"] == frozenset()
    assert "GetPublicKey" in expectations.access["ALL_KEYS"]["access"]["two"]
    assert "GetPublicKey" not in expectations.access["ALL_KEYS"]["access"]["one"]


def test_the_modes_keep_the_order_of_the_file() -> None:
    assert load("all-keys").modes == ("ALL_KEYS", "SELECTED_KEYS")
    assert load("selected-keys").modes == ("SELECTED_KEYS", "ALL_KEYS")


def test_a_byte_order_mark_is_no_slip(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"\xef\xbb\xbf" + GOOD.encode())) == read(written(tmp_path, GOOD))


def content_of(odd: dict[str, Any]) -> str | bytes:
    """The content of an odd file."""
    if "hex" in odd:
        return bytes.fromhex(odd["hex"])
    if "repeat" in odd:
        return str(odd["repeat"]) * int(odd["times"])
    if "file" in odd:
        return str(odd["file"])
    assert GOOD.count(odd["replace"]) >= 1, "the good file lacks the text to replace"
    return GOOD.replace(odd["replace"], odd["by"], 1)


@pytest.mark.parametrize("odd", FILES["odd"], ids=lambda odd: str(odd["name"]))
def test_a_slip_is_named(tmp_path: Path, odd: dict[str, Any]) -> None:
    path = written(tmp_path, content_of(odd))
    with pytest.raises(HarnessError) as raised:
        read(path)
    sentence = str(raised.value)
    assert sentence.startswith(f"{path}{odd['says']}")
    assert sentence.isprintable()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("absent.yaml", " cannot be read (No such file or directory): check its name and its permissions."),
        (".", " cannot be read: it is not a file; name a YAML file."),
    ],
)
def test_what_is_no_file_is_named(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(HarnessError) as raised:
        read(tmp_path / name)
    assert str(raised.value) == f"{tmp_path / name}{says}"


def test_a_file_of_slips_alone_is_refused_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "keys:\n" + "".join(f"  k{number}: 1\n" for number in range(20_000)))
    with pytest.raises(HarnessError, match=r"line 2: keys\.k0 is the number 1 instead of names with values"):
        read(path)


def test_every_example_says_who_may_do_what() -> None:
    for folder in EXAMPLES.iterdir():
        if folder.is_dir():
            load(folder.name)


def test_every_probe_has_a_call() -> None:
    assert list(PROBES) == list(CALLS)


def test_the_readme_of_the_examples_explains_the_words() -> None:
    section = (EXAMPLES / "README.md").read_text(encoding="utf-8").split("| word | calls |")[1]
    rows = re.findall(r"^\| `(\S+)` \| (.+?) \|", section, re.MULTILINE)
    assert {word: tuple(re.findall(r"`(\w+)`", calls)) for word, calls in rows} == GROUPS


def test_the_readme_of_the_examples_lists_each() -> None:
    listed = re.findall(r"\| \[(\S+)\]\(\1\) \|$", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/access.yaml")), ids=lambda path: path.parent.name)
def test_the_words_are_explained_in_the_readme_alone(path: Path) -> None:
    head = "# Who may do what with which key. ../README.md explains the words.\n\n"
    assert path.read_text(encoding="utf-8").startswith(head)


@pytest.mark.parametrize(
    ("descriptions", "outputs", "says"),
    [
        ({"made": KeyDescription(output="key_arn")}, {}, "of the outputs key_arn, the example makes those of none"),
        ({}, {"key_arn": KEY}, "of the outputs none, the example makes those of key_arn: look at key_arn"),
        ({"made": KeyDescription(output="role")}, {"role": "arn:aws:iam::111111111111:role/r"}, "look at role"),
    ],
)
def test_the_keys_that_the_example_makes_are_those_that_its_file_describes(
    descriptions: dict[str, KeyDescription], outputs: dict[str, str], says: str
) -> None:
    with pytest.raises(HarnessError, match=says):
        Stage(EmulatedCloud("http://127.0.0.1:1")).targets(descriptions, outputs)


@pytest.mark.parametrize("name", STATEMENTS)
def test_each_statement_of_a_fixture_key_has_a_name_for_reasons(name: str) -> None:
    cloud = EmulatedCloud("http://127.0.0.1:1")
    owner = Principal(cloud, None, "111111111111", "arn:aws:sts::111111111111:assumed-role/Owner/o")  # type: ignore[arg-type]
    found = statements(name, owner=owner, integration_account="222222222222")
    assert found
    assert all(statement["Sid"] for statement in found)
