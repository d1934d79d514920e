"""From the command to an empty list of findings, by following only what the audit printed and wrote."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator import Emulator
from harness.paths import PROJECT
from harness.terraform.binary import locate
from harness.terraform.runner import Terraform
from plerion_kms.audit.key_statements import additions

from .seeded import ACCOUNT, APPLIANCE, REGIONS, SHAPES, seed

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("seeded-account")]

KEYS = 30
EXTERNAL_ID = "5f1c6f0e-7c0b-4e1c-9d3b-000000000000"
ACCESS = APPLIANCE.replace("Appliance", "Access")
BY_TERRAFORM = {
    "administrator-alone",
    "old-administrator",
    "service-alone",
    "with-variable",
    "without-grants",
    "describe-alone",
    "guide",
    "guide-under-old-version",
    "guide-other-account",
    "guide-denied",
    "old-text",
}
"""The shapes whose policy the written Terraform changes."""
SOURCE = re.compile(r'source    = "github\.com/.*"')


@dataclass
class Account:
    """The seeded account, and what following the advice showed. names: of the shapes, by key ARN."""

    environment: Mapping[str, str]
    folder: Path
    names: Mapping[str, str]
    reports: list[dict[str, Any]] = field(default_factory=list)
    plans: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str, region: str) -> Any:
        session: Any = boto3.Session(ACCOUNT, "secret")
        return session.client(service, region, endpoint_url=self.environment["AWS_ENDPOINT_URL"])

    def audit(self) -> subprocess.CompletedProcess[str]:
        """Run the command; what it wrote is kept under the number of the run."""
        out = self.folder / str(len(self.reports) + 1)
        options = ("--regions", *REGIONS, "--out", str(out))
        command = [sys.executable, "-m", "plerion_kms.audit", "audit", *options]
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert result.returncode in (0, 1), result.stderr
        self.reports.append(json.loads((out / "report.json").read_text()))
        return result

    def written(self, name: str) -> Path:
        """A file of the account's folder in what the last audit wrote."""
        return self.folder / str(len(self.reports)) / ACCOUNT / name

    def run_commands(self) -> None:
        """What the audit printed, as it stands, with what it asks for."""
        asked = {"PLERION_EXTERNAL_ID": EXTERNAL_ID, "PLERION_MODE": "ALL_KEYS"}
        script = ["/bin/sh", str(self.written("commands.sh"))]
        refused = subprocess.run(script, env=self.environment, capture_output=True, text=True)
        assert refused.returncode
        assert "set it to the external id that Plerion shows" in refused.stderr
        subprocess.run(script, env={**self.environment, **asked}, check=True, capture_output=True)

    def apply(self) -> None:
        """Plan and apply the folder. Its module comes from this tree instead of from the repository's address."""
        provider = {name: text for name, text in self.environment.items() if name.startswith("AWS_")}
        with Terraform(self.written(""), provider) as terraform:
            main = terraform.folder / "main.tf"
            main.write_text(SOURCE.sub('source    = "../../modules/key-access"', main.read_text()))
            terraform.init()
            self.plans.append(terraform.plan_document())
            terraform.apply()

    def policy(self, arn: str) -> str:
        return str(self.client("kms", arn.split(":")[3]).get_key_policy(KeyId=arn, PolicyName="default")["Policy"])

    def put_policy(self, arn: str, policy: str) -> None:
        self.client("kms", arn.split(":")[3]).put_key_policy(KeyId=arn, PolicyName="default", Policy=policy)


@pytest.fixture(scope="module")
def account(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Account:
    """The account after all advice was followed."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "bin").mkdir()
    aws = folder / "bin" / "aws"
    aws.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(Path(sys.executable).with_name("aws"))])} "$@"\n')
    aws.chmod(0o755)
    environment = {
        "PATH": f"{aws.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(PROJECT / "tests"),
        "COLUMNS": "80",
        "NO_PROXY": "*",
        "AWS_ENDPOINT_URL": emulator.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    followed = Account(environment, folder, {})
    followed.names = seed(followed.client, KEYS).names
    followed.audit()
    followed.run_commands()
    _hand_over(followed)
    followed.audit()
    followed.apply()
    followed.audit()
    return followed


def _hand_over(account: Account) -> None:
    """What owners.md asks for: the owner applies the patch; the text that may not stay is taken out."""
    text = account.written("owners.md").read_text()
    for section in text.split("\n### ")[1:]:
        arn = re.search(r"- Key: `(.*)`", section)
        assert arn is not None
        before = account.policy(arn[1])
        if "- Owner:" in section:
            patch = section.split("```diff\n")[1].split("\n```")[0] + "\n"
            account.put_policy(arn[1], _patched(json.dumps(json.loads(before), indent=2), patch, account.folder))
        else:
            assert 'rewrite that text and set "Version": "2012-10-17"' in section
            account.put_policy(arn[1], before.replace("${aws:username}", "app").replace("2008", "2012"))


def _patched(text: str, patch: str, folder: Path) -> str:
    (folder / "policy.json").write_text(text + "\n")
    program = shutil.which("patch")
    assert program is not None, "owners.md holds patches: install the program patch."
    subprocess.run([program, folder / "policy.json"], input=patch, text=True, check=True, capture_output=True)
    return (folder / "policy.json").read_text()


def test_each_shape_has_its_findings(account: Account) -> None:
    found: dict[str, set[str]] = {arn: set() for arn in account.names}
    others: set[str] = set()
    for finding in account.reports[0]["findings"]:
        found.get(finding["subject"], others).add(finding["rule"])
    assert {arn: rules for arn, rules in found.items() if rules != SHAPES[account.names[arn]].findings} == {}
    assert others == {"PLERION_KMS_08", "PLERION_KMS_11", "PLERION_KMS_13"}


def test_nothing_is_left(account: Account) -> None:
    assert account.reports[-1]["findings"] == []
    for key in account.reports[-1]["keys"]:
        # The additions have no key pairs, which nothing needs and the mode statement lists.
        closed = key["tag"] == "Denied"
        assert key["verdict"] in (("closed by tag",) if closed else ("open", "partly"))


def test_the_roles_keep_what_was_no_finding(account: Account) -> None:
    iam = account.client("iam", "us-east-1")
    names = iam.list_role_policies(RoleName="PlerionApplianceRole")["PolicyNames"]
    assert {"kms", "selected"} <= set(names)
    left = iam.get_role_policy(RoleName="PlerionApplianceRole", PolicyName="selected")["PolicyDocument"]["Statement"]
    assert [statement["Action"] for statement in left] == ["ec2:DescribeVolumes"]
    trust = iam.get_role(RoleName="PlerionAccessRole")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Condition"] for statement in trust] == [{"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}]


def test_commands_and_patches_make_their_findings_go_away(account: Account) -> None:
    left = {finding["subject"] for finding in account.reports[1]["findings"]}
    assert {account.names[arn] for arn in left} == {name for name in SHAPES if name in BY_TERRAFORM}


def test_the_plan_adds_exactly_the_proposed_statements(account: Account) -> None:
    policies = account.reports[1]["policies"]
    given = {key["arn"]: json.loads(policies[key["policy"]]) for key in account.reports[1]["keys"]}
    wanted = additions(ACCOUNT, ACCOUNT, (APPLIANCE, ACCESS))
    ours = {statement["Sid"] for statement in wanted}
    changed = set()
    for change in account.plans[0]["resource_changes"]:
        if change["mode"] == "data":
            continue
        if change["type"] != "aws_kms_key_policy":
            assert (change["type"], change["change"]["actions"]) == ("terraform_data", ["create"])
            continue
        assert change["change"]["actions"] == ["update"]
        assert change["change"]["importing"]
        before, after = (json.loads(change["change"][when]["policy"]) for when in ("before", "after"))
        [arn] = [arn for arn in given if arn.endswith(change["change"]["before"]["key_id"])]
        changed.add(arn)
        assert before == given[arn]
        kept = [statement for statement in before["Statement"] if statement.get("Sid") not in ours]
        if SHAPES[account.names[arn]].tags == {"PlerionAccess": "Denied"}:
            assert after == {**before, "Statement": kept}
            continue
        assert after["Version"] == "2012-10-17"
        assert [statement for statement in after["Statement"] if statement.get("Sid") not in ours] == kept
        assert [statement for statement in after["Statement"] if statement.get("Sid") in ours] == wanted
    assert {account.names[arn] for arn in changed} == BY_TERRAFORM


def test_policies_are_written_byte_for_byte(account: Account) -> None:
    folder = account.folder / "2" / ACCOUNT / "policies"
    texts = {path.read_bytes().decode() for path in folder.iterdir()}
    assert texts <= set(account.reports[1]["policies"].values())
    assert len(list(folder.iterdir())) == sum(
        change["type"] == "aws_kms_key_policy" for change in account.plans[0]["resource_changes"]
    )


def test_the_written_terraform_is_formatted(account: Account) -> None:
    for number in ("1", "2"):
        subprocess.run([locate(), "fmt", "-check", account.folder / number / ACCOUNT], check=True, capture_output=True)
