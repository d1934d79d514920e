"""The scenarios in scenarios.yaml: each set up with boto3, then one real call, compared with AWS's decision and error.

Users' groups and AWS managed policies are tested in test_kms_access.py. Service control and resource control policies
have no place in the emulator, which offers no AWS Organizations: they are inputs of the engine only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from emulator import Emulator
from harness.aws import tally
from test_authorization.case_runner import statement
from test_emulator.aws import Account, Caller

SCENARIOS: list[dict[str, Any]] = [
    {**group.get("given", {}), "topic": group["topic"], **scenario}
    for group in yaml.load(Path(__file__).with_name("scenarios.yaml").read_text(), yaml.BaseLoader)  # noqa: S506 - text only
    for scenario in group["scenarios"]
]
FIELDS = {
    *("topic", "name", "caller", "identity", "boundary", "session policy", "session", "role tags", "owner", "key"),
    *("second", "grants", "blob", "target", "call", "then", "expect", "error", "answers", "resources", "shows"),
    "region",
}
NUMBERS = count(1)


@pytest.fixture(scope="module")
def pair(emulator: Emulator) -> tuple[Account, Account]:
    """Two accounts for all scenarios of a worker, which use roles and keys of their own."""
    return Account.make(emulator.endpoint_url), Account.make(emulator.endpoint_url)


def test_scenarios_are_well_formed() -> None:
    names = [scenario["name"] for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
    assert all(set(scenario) <= FIELDS for scenario in SCENARIOS)
    assert all(("error" in scenario) is (scenario["expect"] == "refused") for scenario in SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario['topic']}: {scenario['name']}")
def test_scenario(scenario: dict[str, Any], pair: tuple[Account, Account]) -> None:
    stage = Stage(scenario, *pair)
    stage.set_up()
    shown, answer = "allowed", {}
    try:
        caller = stage.caller()
        answer = stage.call(caller, scenario["call"])
        if "then" in scenario:
            answer = stage.call(caller.with_credentials(answer), scenario["then"])
    except ClientError as error:
        shown = f"{error.response['Error']['Code']} {error.response['ResponseMetadata']['HTTPStatusCode']}: "
        shown += error.response["Error"]["Message"]
    wanted = stage.written(scenario.get("error", "allowed"))
    if wanted.endswith("..."):
        shown = shown[: len(wanted) - 3] + "..."
    assert shown == wanted
    tally.CURRENT.asserted += 1
    for member, value in stage.written(scenario.get("shows", {})).items():
        assert str(answer[member]) == value
    if "answers" in scenario:
        results = answer["EvaluationResults"]
        assert [result["EvalActionName"] for result in results] == list(scenario["answers"])
        assert {result["EvalActionName"]: result["EvalDecision"] for result in results} == scenario["answers"]
        shown_resources = {
            f"{result['EvalActionName']} on {each['EvalResourceName']}": each["EvalResourceDecision"]
            for result in results
            for each in result.get("ResourceSpecificResults") or ()
        }
        assert shown_resources == stage.names_in(scenario.get("resources", {}))


@dataclass
class Stage:
    """What a scenario needs, made in two accounts. `names`: the values of `<...>` in the scenario."""

    scenario: Mapping[str, Any]
    account: Account
    other: Account
    names: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def number(self) -> int:
        """Distinguishes this scenario's roles and aliases from others'."""
        return next(NUMBERS)

    @property
    def owner(self) -> Account:
        """The account of the keys."""
        return self.other if self.scenario.get("owner") == "other" else self.account

    def set_up(self) -> None:
        """Make roles, keys, ciphertext and grants; key policies come last, so that they do not refuse the set-up."""
        self.names |= {
            "account": self.account.id,
            "other": self.other.id,
            "account root": self.account.root_arn,
            "other root": self.other.root_arn,
            "alias": f"alias/app{self.number}",
            "missing": "11111111-2222-4333-8444-555555555555",
            "target name": f"Target{self.number}",
        }
        self.names["long policy"] = self._document(["Allow kms:* to <account root>"]).ljust(32_769)
        name = f"Role{self.number}"
        tags = [{"Key": key, "Value": value} for key, value in self.scenario.get("role tags", {}).items()]
        self.names |= {"role name": name, "session": f"arn:aws:sts::{self.account.id}:assumed-role/{name}/session"}
        self.names["role"] = self.account.role(name, Tags=tags)
        if "target" in self.scenario:
            self._make_target(self.scenario["target"])
        for key in ("key", "second"):
            if key in self.scenario or key == "key":
                self._make_key(key, self.scenario.get(key, {}))
        self._make_blob(self.scenario.get("blob"))
        for grant in self.scenario.get("grants", []):
            self._make_grant(grant)
        for key in ("key", "second"):
            self._finish_key(key, self.scenario.get(key, {}))
        self._give_policies(name)

    def caller(self) -> Caller:
        """The caller."""
        kind = self.scenario.get("caller", "session")
        if kind == "root":
            return self.account.root
        if kind == "operator":
            return self.account.operator
        members: dict[str, Any] = self.written(self.scenario.get("session", {}))
        if "session policy" in self.scenario:
            members["Policy"] = self._document(self.scenario["session policy"])
        session = self.account.operator.assume(self.names["role"], **members)
        region = self.scenario.get("region", session.region)
        return Caller(session.endpoint, session.key, session.secret, session.token, region)

    def call(self, caller: Caller, call: Mapping[str, Any]) -> dict[str, Any]:
        """Make the one call that `call` describes: `service.operation`, or an operation of KMS, with its members."""
        ((operation, members),) = call.items()
        service, _, method = f"kms.{operation}".rpartition(".")
        answer: dict[str, Any] = getattr(caller.client(service.removeprefix("kms.")), method)(**self.written(members))
        return answer

    def written(self, value: Any) -> Any:
        """A value of the scenario with its names replaced; policies as JSON text, numbers and booleans as such."""
        if isinstance(value, Mapping):
            return {
                name: self._document(item) if name.endswith(("Policy", "Document")) else self.written(item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self.written(item) for item in value]
        if value in ("true", "false"):
            return value == "true"
        if value.isascii() and value.isdecimal() and len(value) < 5:
            return int(value)
        whole = re.fullmatch(r"<([a-z ]+)>", value)
        if whole:
            return self.names[whole[1]]
        return re.sub(r"<([a-z ]+)>", lambda match: str(self.names[match[1]]), value)

    def _document(self, statements: Any) -> str:
        if isinstance(statements, str):
            return str(self.written(statements))
        listed = [statement(self.names_in(each), {}) for each in statements]
        for each in listed:
            if str(each["Action"][0]).startswith("sts:") and "Principal" in each:
                del each["Resource"]
        return json.dumps({"Version": "2012-10-17", "Statement": listed})

    def names_in(self, value: Any) -> Any:
        """Names replaced in everything, the names of members included; texts stay texts."""
        text = re.sub(r"<([a-z ]+)>", lambda match: str(self.names[match[1]]), json.dumps(value))
        return json.loads(text)

    def _make_target(self, target: Mapping[str, Any]) -> None:
        owner = self.other if target.get("in") == "other" else self.account
        trust = json.loads(self._document(target["trust"]))
        identity = [json.loads(self._document(target["identity"]))] if "identity" in target else []
        tags = [{"Key": key, "Value": value} for key, value in target.get("tags", {}).items()]
        self.names["target"] = owner.role(f"Target{self.number}", *identity, trust=trust, Tags=tags)

    def _make_key(self, name: str, described: Mapping[str, Any]) -> None:
        arn = self.owner.key(tags=described.get("tags"), **self.written(described.get("members", {})))
        self.names |= {name: arn, f"{name} id": arn.rpartition("/")[2]}
        if described.get("alias") == "yes":
            self.owner.root.kms.create_alias(AliasName=self.names["alias"], TargetKeyId=self.names[f"{name} id"])

    def _make_blob(self, blob: Mapping[str, Any] | None) -> None:
        if blob is not None:
            answer = self.owner.root.kms.encrypt(KeyId=self.names[blob["of"]], Plaintext=b"x", **_context(blob))
            self.names["blob"] = answer["CiphertextBlob"]

    def _make_grant(self, grant: Mapping[str, Any]) -> None:
        issuer = self.account if grant.get("by") == "caller" else self.owner
        if issuer is not self.owner:
            self._put_policy("key", ["Allow kms:* to <account root>", "Allow kms:* to <other root>"])
        made = issuer.root.kms.create_grant(KeyId=self.names[grant.get("on", "key")], **self.written(grant["members"]))
        self.names |= {"grant": made["GrantId"], "grant token": made["GrantToken"]}

    def _finish_key(self, name: str, described: Mapping[str, Any]) -> None:
        if "policy" in described:
            self._put_policy(name, described["policy"])
        if described.get("state") == "Disabled":
            self.owner.root.kms.disable_key(KeyId=self.names[f"{name} id"])
        elif described.get("state") == "PendingDeletion":
            self.owner.root.kms.schedule_key_deletion(KeyId=self.names[f"{name} id"])

    def _put_policy(self, name: str, statements: Any) -> None:
        self.owner.root.kms.put_key_policy(
            KeyId=self.names[f"{name} id"], Policy=self._document(statements), BypassPolicyLockoutSafetyCheck=True
        )

    def _give_policies(self, role: str) -> None:
        iam = self.account.root.iam
        if "identity" in self.scenario:
            document = self._document(self.scenario["identity"])
            iam.put_role_policy(RoleName=role, PolicyName="identity", PolicyDocument=document)
        if "boundary" in self.scenario:
            document = self._document(self.scenario["boundary"])
            boundary = iam.create_policy(PolicyName=f"Boundary{self.number}", PolicyDocument=document)["Policy"]["Arn"]
            iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)


def _context(blob: Mapping[str, Any]) -> dict[str, Any]:
    return {"EncryptionContext": blob["context"]} if "context" in blob else {}
