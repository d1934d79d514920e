"""What the modules refuse: one sentence for each that says what is wrong and how to mend it, in the plan already."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import yaml

from harness.kept_provider import KeptProvider

from .module_folder import CONFIGURATIONS, ModuleFolder
from .sizes import LARGEST, policy_whose_merged_size_is

pytestmark = pytest.mark.xdist_group("refusals")

MESSAGES: dict[str, dict[str, list[dict[str, Any]]]] = yaml.safe_load(
    (CONFIGURATIONS / "messages.yaml").read_text(encoding="utf-8")
)

# What a module cannot be called without. With create = false nothing else than the wrong values is complained of.
NOT_CREATED = {"create": False}
NEEDED: dict[str, dict[str, Any]] = {
    "plerion-kms": NOT_CREATED,
    "roles": NOT_CREATED,
    "cmk-access": NOT_CREATED,
    "key-access": NOT_CREATED,
    "role-policy": {**NOT_CREATED, "policy_json": "none"},
    "existing-role": {**NOT_CREATED, "required_tags": {}},
}


POLICY_ROWS: dict[str, dict[str, Any]] = yaml.safe_load(
    (CONFIGURATIONS / "refused_policies.yaml").read_text(encoding="utf-8")
)
POLICIES = {
    **{
        name: {
            "policy_json": row["given"].replace("BOM", "\ufeff"),
            "grant_plerion_access": not row.get("removed", False),
        }
        for name, row in POLICY_ROWS.items()
    },
    "one byte too large": {"policy_json": json.dumps(policy_whose_merged_size_is(LARGEST + 1, "é"))},
    "one byte too large where it is sent with escapes": {
        "policy_json": json.dumps(policy_whose_merged_size_is(LARGEST + 1, "&"))
    },
}

REFUSED = [
    *{row["message"]: None for row in POLICY_ROWS.values()},
    (
        "The merged key policy has 32769 bytes as it is sent, in which &, < and > are six bytes each, more than the "
        "32768 that KMS accepts: shorten policy_json."
    ),
    (
        "external_id is missing: set it to the id that Plerion shows for the integration, or set create_access_role = "
        "false."
    ),
    (
        "role_name is missing: name the role that the policy PlerionKmsCmkAccess is to be attached to, or set create = "
        "false to render the documents alone."
    ),
    "role_name is missing: name the role that is to be looked up, or set create = false.",
    (
        "The policy PlerionKmsCmkAccess is longer than the 6144 characters of a managed policy: set attach_policy_as = "
        '"inline", or limit it to fewer accounts and Regions.'
    ),
    (
        "pin_additions_to_roles needs roles that the module creates or looks up: leave create and check_role_tags "
        "true, or call modules/key-policy with appliance_role_arns and access_role_arns."
    ),
]


def _calls_with_wrong_values() -> dict[str, Any]:
    """Terraform's JSON form of calls of the modules: as many of each as one of its variables has wrong values."""
    calls: dict[str, Any] = {}
    for module, rows in MESSAGES.items():
        needed = {**NEEDED.get(module, {}), "source": f"../../modules/{module}"}
        for number in range(max(map(len, rows.values()))):
            wrong = {name: _value(cases[number]) for name, cases in rows.items() if number < len(cases)}
            calls[f"{module}-{number}"] = {**needed, **wrong}
    return {"module": calls}


def _value(case: dict[str, Any]) -> Any:
    return "x" * 1001 if case["value"] == "TOO LONG" else case["value"]


@pytest.fixture(scope="module")
def errors(provider: KeptProvider, tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """The errors of two plans: wrong values stop Terraform before it looks at the rest."""
    folder = ModuleFolder(tmp_path_factory.mktemp("refusals"), "refusals", provider, _calls_with_wrong_values())
    wrong_values = folder.run("plan", variables={"policies": POLICIES})
    folder.without_more()
    refused = folder.run("plan", variables={"policies": POLICIES})
    assert not wrong_values.succeeded
    assert not refused.succeeded
    return Counter(wrong_values.errors) + Counter(refused.errors)


def test_each_refused_policy_gets_its_sentence(errors: Counter[str]) -> None:
    expected = Counter(row["message"] for row in POLICY_ROWS.values())
    assert {message: errors[message] for message in expected} == dict(expected)


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_done_is_refused_in_the_plan(errors: Counter[str], message: str) -> None:
    assert errors[message] >= 1


@pytest.mark.parametrize(
    ("message", "times"),
    Counter(case["message"] for rows in MESSAGES.values() for cases in rows.values() for case in cases).items(),
)
def test_a_wrong_value_gets_a_sentence_in_each_module(errors: Counter[str], message: str, times: int) -> None:
    assert errors[message] == times


def test_there_are_no_other_errors(errors: Counter[str]) -> None:
    known = {case["message"] for rows in MESSAGES.values() for cases in rows.values() for case in cases}
    assert set(errors) - known - set(REFUSED) == set()


def test_no_validation_is_left_out() -> None:
    for module, rows in MESSAGES.items():
        text = (CONFIGURATIONS.parents[1] / "modules" / module / "variables.tf").read_text(encoding="utf-8")
        validated = {
            block.split('"')[0]: block.count("validation {")
            for block in text.split('variable "')[1:]
            if "validation {" in block
        }
        assert {name: len(cases) for name, cases in rows.items()} == validated
