"""What was made by hand is taken over with `terraform import`, by the commands that READMEs and changelog give."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness.aws import tally
from harness.aws.cloud import EmulatedCloud
from harness.examples.accounts import STACK_APPLIANCE_ROLE
from harness.examples.special import ManyKeys, run_of
from harness.paths import EXAMPLES, PROJECT
from harness.terraform.runner import PlannedChange, TerraformError
from plerion_kms.guide import mode_statement

pytestmark = pytest.mark.ci

IMPORT = re.compile(r"`terraform import '([^']+)' (\S+)`")


def documented(file: Path) -> tuple[str, str]:
    """Address and identifier of the one import that a document names."""
    ((address, identifier),) = IMPORT.findall(file.read_text(encoding="utf-8"))
    return address, identifier


@pytest.mark.parametrize(("mode", "changes"), [("SELECTED_KEYS", []), ("ALL_KEYS", ["update"])])
def test_a_statement_attached_by_hand_is_adopted(cloud: EmulatedCloud, mode: str, changes: list[str]) -> None:
    address, identifier = documented(PROJECT / "CHANGELOG.md")
    with run_of("existing-roles", cloud) as run:
        by_hand = {"Version": "2012-10-17", "Statement": [mode_statement("SELECTED_KEYS")]}
        run.stage.integration.root.client("iam").put_role_policy(
            RoleName=STACK_APPLIANCE_ROLE, PolicyName="PlerionKmsCmkAccess", PolicyDocument=json.dumps(by_hand)
        )
        run.terraform.init()
        run.terraform.import_resource(address, identifier.replace("ROLE", STACK_APPLIANCE_ROLE))
        planned = run.terraform.plan(kms_key_access_mode=mode)
    assert [change for change in planned if change.address == address] == [
        PlannedChange(address, action) for action in changes
    ]
    tally.CURRENT.asserted += 1


def test_an_imported_key_policy_shows_in_the_first_plan_what_changes(cloud: EmulatedCloud) -> None:
    address, identifier = documented(EXAMPLES / "many-keys" / "README.md")
    with run_of("many-keys", cloud) as run:
        assert isinstance(run, ManyKeys)
        run.terraform.init()
        run.terraform.import_resource(address, identifier.replace("KEY_ID", run.arns["payments-eu"].split("/")[1]))
        changes = run.terraform.plan_document()["resource_changes"]
    (change,) = [change["change"] for change in changes if change["address"] == address]
    assert change["actions"] == ["update"]
    assert json.loads(change["before"]["policy"]) == run.policies["payments-eu"]
    tally.CURRENT.asserted += 1


def test_a_key_policy_that_is_imported_from_the_wrong_key_is_refused(cloud: EmulatedCloud) -> None:
    address, identifier = documented(EXAMPLES / "many-keys" / "README.md")
    with run_of("many-keys", cloud) as run:
        assert isinstance(run, ManyKeys)
        wrong, right = (run.arns[name].split("/")[1] for name in ("reports-eu", "payments-eu"))
        run.terraform.init()
        run.terraform.import_resource(address, identifier.replace("KEY_ID", wrong))
        with pytest.raises(TerraformError) as caught:
            run.terraform.plan()
    message = " ".join(str(caught.value).split())
    assert f"The state has the policy of the key {wrong} under payments-eu" in message
    assert f"import it again with the ID {right}." in message
