"""`--organization` and `--regions enabled`: Organizations and EC2 are moto's server, IAM, STS and KMS the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from emulator import Emulator
from plerion_kms.audit import cli
from plerion_kms.audit.calls import Calls
from plerion_kms.audit.organization import active_accounts
from plerion_kms.guide import mode_statement
from test_audit.test_emulator import PERMISSIONS
from test_emulator.aws import Account, Caller, allow, make_user, policy, statement, trusting

pytestmark = pytest.mark.xdist_group("audit-organization")

MANAGEMENT = "123456789012"
"""The account that moto takes credentials for that it doesn't know."""
EVERYTHING = {"SERVICE_CONTROL_POLICY": "p-FullAWSAccess", "RESOURCE_CONTROL_POLICY": "p-RCPFullAWSAccess"}
NO_DECRYPT = policy(statement("Deny", "kms:Decrypt", Resource="*"))
NO_ENCRYPT = policy(statement("Deny", "kms:Encrypt", Principal="*", Resource="*"))


@dataclass
class Organization:
    """Four member accounts by name, and each one's key."""

    accounts: Mapping[str, str]
    keys: Mapping[str, str]


@pytest.fixture(scope="module")
def organization(emulator: Emulator) -> Iterator[Organization]:
    """An organization with an SCP on a unit, an RCP on an account, an account outside of both, and a closed one."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    auditor = make_user(Caller(emulator.endpoint_url, MANAGEMENT), "OrganizationAuditor", PERMISSIONS)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": emulator.endpoint_url,
            "AWS_ENDPOINT_URL_ORGANIZATIONS": f"http://{host}:{port}",
            "AWS_ENDPOINT_URL_EC2": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": auditor.key,
            "AWS_SECRET_ACCESS_KEY": auditor.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "*",
        }.items():
            patch.setenv(name, value)
        accounts = _organize(boto3.client("organizations"))
        _account(MANAGEMENT, emulator.endpoint_url).key()
        keys = {name: _key_in(_account(account, emulator.endpoint_url)) for name, account in accounts.items()}
        yield Organization(accounts, keys)
    server.stop()


def _account(number: str, endpoint: str) -> Account:
    root = Caller(endpoint, number)
    return Account(number, root, root)


def _organize(client: Any) -> dict[str, str]:
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    unit = client.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
    accounts = {
        name: client.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]["AccountId"]
        for name in ("below-scp", "with-rcp", "free", "closed")
    }
    client.move_account(AccountId=accounts["below-scp"], SourceParentId=root, DestinationParentId=unit)
    for target in (unit, *accounts.values()):
        for full in EVERYTHING.values():
            with suppress(ClientError):  # attached already
                client.attach_policy(PolicyId=full, TargetId=target)
    for kind, document, target in (
        ("SERVICE_CONTROL_POLICY", NO_DECRYPT, unit),
        ("RESOURCE_CONTROL_POLICY", NO_ENCRYPT, accounts["with-rcp"]),
        # Neither kind affects the management account.
        ("SERVICE_CONTROL_POLICY", policy(statement("Deny", "*", Resource="*")), MANAGEMENT),
    ):
        made = client.create_policy(
            Name=f"{kind} of {target}", Description="", Type=kind, Content=json.dumps(document)
        )["Policy"]["PolicySummary"]["Id"]
        client.attach_policy(PolicyId=made, TargetId=target)
    client.close_account(AccountId=accounts["closed"])
    return accounts


def _key_in(account: Account) -> str:
    """The roles of the modules and of the audit, and a delegating key."""
    for name, document, tag in (
        ("PlerionApplianceRole", policy(mode_statement("ALL_KEYS")), ("PlerionApplianceRole", "True")),
        ("PlerionAccessRole", allow("kms:Describe*", "kms:List*", "kms:Get*"), ("RolePurpose", "PlerionAccess")),
    ):
        account.role(name, document, Tags=[{"Key": tag[0], "Value": tag[1]}])
    account.role("PlerionKmsAudit", PERMISSIONS, trust=trusting(f"arn:aws:iam::{MANAGEMENT}:root"))
    return account.key()


def audit(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """The report as data."""
    cli.main(["audit", "--organization", "--json", *options])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def control_notes(report: Mapping[str, Any]) -> list[str]:
    """What is said of control policies that were not read."""
    return [note for note in report["not_considered"] if "control policies" in note]


def refused_by(key: Mapping[str, Any], report: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Permission and deciding source of what the appliance is refused."""
    given = [report["answers"][place] for place in key["roles"]]
    answers = next(role for role in given if role["role"] == "appliance")["actions"]
    return {(action, given["source"]) for action, given in answers if given["outcome"] != "allowed"}


@pytest.mark.ci
def test_each_account_is_judged_under_its_control_policies(
    organization: Organization, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_call = BaseClient._make_api_call  # type: ignore[attr-defined]
    called = set()

    def seen(client: Any, operation: str, members: Any) -> Any:
        called.add(f"{client.meta.service_model.service_name}:{operation}")
        return make_call(client, operation, members)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", seen)
        report = audit(capsys, "--regions", "us-east-1")
    lists = [statement["Action"] for statement in PERMISSIONS["Statement"]]
    needed = {action for actions in lists for action in ([actions] if isinstance(actions, str) else actions)}
    # Named Regions are not asked for; GetCallerIdentity needs no permission.
    assert called - {"sts:GetCallerIdentity"} == needed - {"ec2:DescribeRegions"}
    by_arn = {key["arn"]: key for key in report["keys"]}
    assert report["unread"] == []
    assert control_notes(report) == []
    assert organization.keys["closed"] not in by_arn
    assert {account["account"]: account["name"] for account in report["accounts"]} == {
        MANAGEMENT: "master",
        **{number: name for name, number in organization.accounts.items() if name != "closed"},
    }
    assert {key["verdict"] for key in report["keys"] if f":{MANAGEMENT}:" in key["arn"]} == {"open"}
    verdicts = {name: by_arn[arn]["verdict"] for name, arn in organization.keys.items() if arn in by_arn}
    assert verdicts == {"below-scp": "partly", "with-rcp": "partly", "free": "open"}
    assert refused_by(by_arn[organization.keys["below-scp"]], report) == {("kms:Decrypt", "service control policy")}
    assert refused_by(by_arn[organization.keys["with-rcp"]], report) == {("kms:Encrypt", "resource control policy")}


@pytest.mark.ci
def test_the_enabled_regions_are_asked_for(organization: Organization, capsys: pytest.CaptureFixture[str]) -> None:
    """The keys are found though no Region is named."""
    enabled = [region["RegionName"] for region in boto3.client("ec2").describe_regions()["Regions"]]
    assert len(enabled) > 10
    report = audit(capsys, "--regions", "enabled")
    assert set(organization.keys.values()) - {organization.keys["closed"]} <= {key["arn"] for key in report["keys"]}


@pytest.mark.ci
@pytest.mark.parametrize("kind", ["service control policy", "resource control policy"])
def test_control_policies_that_cannot_be_read_are_said(
    kind: str, organization: Organization, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = Calls.all
    wanted = kind.upper().replace(" ", "_")

    def refusing(calls: Calls, service: str, region: str, method: str, result: str, *more: Any, **members: Any) -> Any:
        if members.get("Filter") == wanted:
            members["TargetId"] = "no-target"  # what moto refuses
        return every(calls, service, region, method, result, *more, **members)

    monkeypatch.setattr(Calls, "all", refusing)
    report = audit(capsys, "--regions", "us-east-1")
    (note,) = control_notes(report)
    assert note.startswith(f"{kind.capitalize().replace('policy', 'policies')} of ")
    assert MANAGEMENT not in note
    assert "as if they restricted nothing" in note
    assert any("organizations:ListPoliciesForTarget" in unread["sentence"] for unread in report["unread"])
    verdicts = {key["arn"]: key["verdict"] for key in report["keys"]}
    name = "below-scp" if kind.startswith("service") else "with-rcp"
    assert verdicts[organization.keys[name]] == "open"


@pytest.mark.ci
def test_an_account_without_the_role_leaves_the_others_complete(
    organization: Organization, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    report = audit(capsys, "--regions", "us-east-1", "--role-name", "PlerionAccessRole")
    # The management account is read with the given credentials; the others do not trust them there.
    assert {unread["account"] for unread in report["unread"]} == {
        number for name, number in organization.accounts.items() if name != "closed"
    }
    assert all("sts:AssumeRole of " in unread["sentence"] for unread in report["unread"])


def test_without_an_organization_the_way_out_is_said(
    organization: Organization, emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ORGANIZATIONS", "http://127.0.0.1:1")
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert cli.main(["audit", "--organization"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "can't be listed" in output.err
    assert "or list the accounts with --accounts" in output.err


@pytest.mark.parametrize(
    ("members", "listed"),
    [
        ({"Status": "ACTIVE"}, True),
        ({"Status": "SUSPENDED"}, False),
        # Without Status, as AWS answers since it has State.
        ({"State": "ACTIVE"}, True),
        ({"State": "PENDING_CLOSURE"}, False),
        ({"State": "CLOSED", "Status": "ACTIVE"}, False),
    ],
)
def test_active_accounts(members: Mapping[str, str], listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Calls, "all", lambda *_: [{"Id": MANAGEMENT, "Name": "a", **members}])
    calls: Any = Calls.__new__(Calls)
    assert active_accounts(calls) == ([(MANAGEMENT, "a")] if listed else [])


@pytest.mark.ci
def test_accounts_of_a_file(organization: Organization, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "accounts.yaml"
    numbers = organization.accounts
    file.write_text(
        f'- {{id: "{numbers["free"]}", name: free}}\n'
        f'- {{id: "{numbers["below-scp"]}"}}\n'
        f'- {{id: "{numbers["with-rcp"]}", role_name: Missing}}\n'
    )
    assert cli.main(["audit", "--accounts", str(file), "--regions", "us-east-1", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    # The control policies are the organization's, and were not asked for.
    assert {key["arn"]: key["verdict"] for key in report["keys"]} == {
        organization.keys["free"]: "open",
        organization.keys["below-scp"]: "open",
    }
    assert [account["name"] for account in report["accounts"]] == ["free", "", ""]
    (note,) = control_notes(report)
    assert note.startswith("Service and resource control policies of all accounts were not read")
    (unread,) = report["unread"]
    assert (
        f"sts:AssumeRole of arn:aws:iam::{numbers['with-rcp']}:role/Missing failed (AccessDenied)" in unread["sentence"]
    )


@pytest.mark.ci
def test_the_saved_organization_is_judged_the_same(
    organization: Organization, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = audit(capsys, "--regions", "us-east-1", "--save", str(tmp_path / "saved"))
    cli.main(["audit", "--from", str(tmp_path / "saved"), "--json"])
    assert json.loads(capsys.readouterr().out) == read
