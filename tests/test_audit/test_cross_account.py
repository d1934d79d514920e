"""The written Terraform for keys of another account than the integration's, in two Regions, planned on the emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator import Emulator
from harness.terraform.runner import Terraform
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.key_statements import additions
from plerion_kms.audit.writers import terraform

from .snapshots import ACCOUNT, INTEGRATION, Made
from .test_seeded import SOURCE

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("audit-cross_account")]

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLES = tuple(f"arn:aws:iam::{INTEGRATION}:role/Plerion{name}Role" for name in ("Appliance", "Access"))


def test_the_plan_adds_the_cross_account_form_alone(emulator: Emulator, tmp_path: Path) -> None:
    made = Made()
    session: Any = boto3.Session(ACCOUNT, "secret")
    administration = {
        **made.root(),
        "Action": ["kms:Put*", "kms:Get*", "kms:Describe*", "kms:List*"],
        "Condition": {"StringEquals": {"aws:PrincipalArn": ROOT}},
    }
    for region in ("us-east-1", "eu-west-1"):
        kms = session.client("kms", region, endpoint_url=emulator.endpoint_url)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [administration]})
        made.key(policy, region=region, key_id=kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"])
    report = assess(made.snapshot(roles_in=INTEGRATION), Options(integration_account=INTEGRATION))
    [folder] = terraform.write(report, tmp_path)
    environment = {
        "AWS_ENDPOINT_URL": emulator.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with Terraform(folder, environment) as runner:
        main = runner.folder / "main.tf"
        main.write_text(SOURCE.sub('source    = "../../modules/key-access"', main.read_text()))
        runner.init()
        changes = [change for change in runner.plan_document()["resource_changes"] if change["mode"] != "data"]
    policies = [change["change"] for change in changes if change["type"] == "aws_kms_key_policy"]
    assert [change["actions"] for change in policies] == [["update"], ["update"]]
    for change in policies:
        assert json.loads(change["before"]["policy"])["Statement"] == [administration]
        assert json.loads(change["after"]["policy"])["Statement"] == [
            administration,
            *additions(INTEGRATION, ACCOUNT, (ROLES[0], ROLES[1])),
        ]
    others = {(c["type"], *c["change"]["actions"]) for c in changes if c["type"] != "aws_kms_key_policy"}
    assert others == {("terraform_data", "create")}
