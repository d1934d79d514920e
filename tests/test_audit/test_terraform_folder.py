"""The folder of an account: which keys it changes, which it leaves to others, and what it writes for them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from harness.terraform.binary import locate
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.writers import owners, terraform
from plerion_kms.guide import same_account_additions

from .snapshots import ACCOUNT, INTEGRATION, Made

OTHER = "777788889999"
STATEMENT_OF_A_USER = {
    "Effect": "Allow",
    "Principal": {"AWS": "AIDAEXAMPLEEXAMPLE12"},
    "Action": "kms:Decrypt",
    "Resource": "*",
}


def written(made: Made, folder: Path, *, roles_in: str = ACCOUNT) -> Path:
    """The account's folder."""
    report = assess(
        made.snapshot(roles_in=roles_in), Options(integration_account="" if roles_in == ACCOUNT else roles_in)
    )
    terraform.write(report, folder)
    owners.write(report, folder)
    return folder / ACCOUNT


def listed(folder: Path) -> dict[str, dict[str, object]]:
    """keys.yaml, empty if there is none."""
    file = folder / "keys.yaml"
    return yaml.safe_load(file.read_text()) if file.exists() else {}


def test_policies_are_those_that_were_read_to_the_byte(tmp_path: Path) -> None:
    made = Made()
    text = json.dumps(
        {"Statement": [made.administration()], "Id": "ü ${aws:username} %{if}", "Version": "2012-10-17"}, indent=3
    )
    arn = made.key(text.replace("\n", "\r\n"))
    folder = written(made, tmp_path)
    [key] = listed(folder).values()
    assert key["key_arn"] == arn
    assert (folder / str(key["policy"])).read_bytes() == text.replace("\n", "\r\n").encode()


def test_names_are_unlike_each_other_on_every_file_system(tmp_path: Path) -> None:
    made = Made()
    for region, alias in [
        ("us-east-1", "alias/app/Data"),
        ("us-east-1", "alias/app-data"),
        ("us-east-1", "alias/APP_DATA/../x"),
        ("eu-west-1", "alias/app/Data"),
        ("eu-west-1", "alias/app-data-us-east-1"),
        ("us-east-1", "alias/true"),
        ("us-east-1", "alias/0123"),
        ("us-east-1", "alias/" + "long" * 60),
    ]:
        made.key([made.administration()], region=region, aliases=(alias,))
    # A multi-Region key has one id.
    for region in ("us-east-1", "eu-west-1"):
        made.key([made.administration()], region=region, key_id="mrk-1234567890abcdef1234567890abcdef")
    folder = written(made, tmp_path)
    keys = listed(folder)
    assert len(keys) == len({name.lower() for name in keys}) == len(made.keys)
    assert all(isinstance(name, str) for name in keys)
    assert {"app-Data", "true", "0123"} < set(keys)
    assert sorted(path.name for path in (folder / "policies").iterdir()) == sorted(f"{name}.json" for name in keys)
    assert all(path.parent == folder / "policies" for path in (folder / "policies").iterdir())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("deleted principal", "names principals that were deleted (AIDAEXAMPLEEXAMPLE12)"),
        ("text that would become a variable", 'set "Version": "2012-10-17"'),
        ("too large", "more than the 32768"),
        ("owned by CloudFormation", "CloudFormation stack network"),
        ("owned by other code", "terragrunt"),
    ],
)
def test_a_key_that_the_module_would_refuse_or_another_owns_is_left_out_and_told(
    name: str, why: str, tmp_path: Path
) -> None:
    made = Made()
    administration = made.administration()
    by_user = {**administration, "Sid": "user", "Condition": {"StringEquals": {"aws:username": "${aws:username}"}}}
    policies = {
        "deleted principal": [administration, STATEMENT_OF_A_USER],
        "text that would become a variable": [by_user],
        "too large": [administration, *({**administration, "Sid": "&" * 200 + str(n)} for n in range(22))],
    }
    tags = {
        "owned by CloudFormation": {"aws:cloudformation:stack-name": "network"},
        "owned by other code": {"managed-by": "terragrunt"},
    }
    left_out = made.key(
        policies.get(name, [administration]), version="2008-10-17", tags=tags.get(name), key_id="left-out"
    )
    other = made.key([administration])
    folder = written(made, tmp_path)
    assert [key["key_arn"] for key in listed(folder).values()] == [other]
    text = (folder / "owners.md").read_text()
    assert left_out in text
    assert other not in text
    assert why in text.replace("\\", "")
    assert '+      "Sid": "Grant PlerionApplianceRole access to decrypt",' in text


def test_texts_of_others_are_no_markdown(tmp_path: Path) -> None:
    made = Made()
    made.key([{**made.administration(), "Sid": "```\n# x"}], tags={"ManagedBy": "Terraform\n# *x* <script>`"})
    text = (written(made, tmp_path) / "owners.md").read_text()
    assert "- Owner: other code (ManagedBy = Terraform \\# \\*x\\* \\<script\\>\\`)" in text
    assert text.count("\n```") == 2


def test_pasted_statements_under_an_older_version_are_no_reason_to_leave_a_key_out(tmp_path: Path) -> None:
    made = Made()
    arn = made.key([made.administration(), *same_account_additions()], version="2008-10-17")
    assert [key["key_arn"] for key in listed(written(made, tmp_path)).values()] == [arn]


def test_a_key_that_its_tag_closes_loses_the_statements(tmp_path: Path) -> None:
    made = Made()
    made.key([made.administration(), *same_account_additions()], tags={"PlerionAccess": "Denied"})
    [key] = listed(written(made, tmp_path)).values()
    assert key["grant_plerion_access"] is False


@pytest.mark.parametrize("roles_in", [ACCOUNT, INTEGRATION])
@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-west-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_the_module_call_names_place_and_integration(
    roles_in: str, partition: str, region: str, tmp_path: Path
) -> None:
    made = Made(partition)
    made.key([made.administration()], region=region)
    folder = written(made, tmp_path, roles_in=roles_in)
    main = (folder / "main.tf").read_text()
    assert f'region              = "{region}"' in main
    assert f'allowed_account_ids = ["{ACCOUNT}"]' in main
    assert (f'integration_account_ids = ["{INTEGRATION}"]' in main) == (roles_in == INTEGRATION)
    assert f'appliance_role_arns = ["arn:{partition}:iam::{roles_in}:role/PlerionApplianceRole"]' in main
    assert (
        f"to = module.plerion_keys_{region.replace('-', '_')}.aws_kms_key_policy.this["
        in (folder / "imports.tf").read_text()
    )


def test_the_folder_is_formatted(tmp_path: Path) -> None:
    for roles_in in (ACCOUNT, INTEGRATION):
        made = Made()
        made.key([made.administration()], region="eu-west-1")
        made.key([made.administration()], region="us-east-1")
        folder = written(made, tmp_path / roles_in, roles_in=roles_in)
        subprocess.run([locate(), "fmt", "-check", "-diff", folder], check=True)
        shutil.rmtree(folder)
