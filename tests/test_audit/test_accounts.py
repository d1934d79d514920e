"""`--accounts FILE`: who is entered how, and files that can't be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plerion_kms.audit.accounts import targets_of
from plerion_kms.audit.collect import Target
from plerion_kms.audit.errors import AuditError
from test_audit.account import ACCOUNT, OTHER
from test_audit.aws import Aws


def targets(text: str, folder: Path) -> list[Target]:
    file = folder / "accounts.yaml"
    file.write_text(text)
    session: Any = Aws().session()
    return targets_of(session, file, organization=False, role="PlerionKmsAudit", external_id="common")


def test_the_credentials_own_account_is_read_with_them(tmp_path: Path) -> None:
    text = f'- {{id: "{ACCOUNT}"}}\n- {{id: "{OTHER}", name: payments, external_id: own}}\n'
    assert targets(text, tmp_path) == [
        Target(ACCOUNT, "", "", "common"),
        Target(OTHER, "payments", "PlerionKmsAudit", "own"),
    ]


def test_a_role_can_be_named_for_each_account(tmp_path: Path) -> None:
    text = f'- {{id: "{ACCOUNT}", role_name: path/Audit}}\n- {{id: "{OTHER}", role_name: Audit}}\n'
    assert [target.role for target in targets(text, tmp_path)] == ["path/Audit", "Audit"]


WRONG = [
    ("", "is empty: write its content"),
    ("accounts: []", "line 1: the file does not fit"),
    ("[]", "lists no account"),
    (f"- {{id: {OTHER}}}", "with the id in quotes"),
    ("- {id: 011122223333}", "with the id in quotes"),
    ('- {id: "1234"}', "line 1: 0.id does not fit"),
    (f'- {{id: "{OTHER}"}}\n- {{id: "{ACCOUNT}", role: x}}', "line 2: 1.role does not fit"),
    (f'- {{id: "{OTHER}"}}\n- {{id: "{OTHER}"}}', f"names {OTHER} twice"),
    (f'- {{id: "{OTHER}", id: "{ACCOUNT}"}}', "line 1"),
    ("- {", "is not valid YAML"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_a_file_that_cannot_be_used(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(AuditError) as error:
        targets(text, tmp_path)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    session: Any = Aws().session()
    with pytest.raises(AuditError, match="cannot be read"):
        targets_of(session, tmp_path / "none", organization=False, role="r", external_id="")
