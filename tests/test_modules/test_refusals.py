"""What the modules refuse: one sentence for each that says what is wrong and how to fix it, in the plan already."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.aws.cloud import NO_ACCOUNT
from harness.paths import MODULES
from harness.terraform.hcl import read_file
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.runner import Terraform, TerraformError
from harness.tools.docs import is_internal, module_folders

from . import CONFIGURATIONS
from .sizes import LARGEST, policy_whose_merged_size_is

pytestmark = pytest.mark.xdist_group("modules")

MESSAGES: dict[str, dict[str, list[dict[str, Any]]]] = yaml.safe_load(
    (CONFIGURATIONS / "messages.yaml").read_text(encoding="utf-8")
)

# What a module cannot be called without. With create = false nothing else than the wrong values is complained of.
NOT_CREATED = {"create": False}
NEEDED: dict[str, dict[str, Any]] = {
    "plerion-kms": NOT_CREATED,
    "key-access": NOT_CREATED,
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

ROLE = "arn:aws:iam::111122223333:role/Plerion"
NOTHING_TO_PIN_TO: dict[str, dict[str, Any]] = {
    "hardened": {"hardened": True},
    "pinned": {"pin_additions_to_roles": True},
    "one role alone": {"appliance_role_arns": [ROLE]},
    "the other alone": {"hardened": True, "access_role_arns": [ROLE]},
    "attached, and not looked up": {"create": True, "hardened": True},
}
"""Each is refused."""

NOT_PINNED: dict[str, dict[str, Any]] = {
    "switched off": {"hardened": True, "pin_additions_to_roles": False},
    "ARNs given": {"hardened": True, "appliance_role_arns": [ROLE], "access_role_arns": [ROLE]},
    "neither": {},
}
"""None of these is."""


def _identity_policy(size: int, text: str = "") -> str:
    """An identity policy of that many characters as it is sent; `text` is in its Sid, and counts with its length."""
    empty = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": ""}]}, separators=(",", ":"))
    return empty.replace('""', f'"{text}{"x" * (size - len(empty) - len(text))}"')


# Sizes that IAM takes: 6,144 characters of a managed policy, 10,240 of a role's inline policies together, white space
# between the parts not counted. Source: IAM user guide, "IAM and AWS STS quotas".
SIZED_POLICIES = {
    "FitsManaged": {"attach_policy_as": "managed", "policy_json": _identity_policy(6144)},
    "TooLongForManaged": {"attach_policy_as": "managed", "policy_json": _identity_policy(6145)},
    "TooLongForBoth": {"attach_policy_as": "managed", "policy_json": _identity_policy(10241)},
    "FitsInline": {"attach_policy_as": "inline", "policy_json": _identity_policy(10240)},
    "TooLongForInline": {"attach_policy_as": "inline", "policy_json": _identity_policy(10241)},
    "FitsWithSpaces": {"attach_policy_as": "managed", "policy_json": _identity_policy(6144).replace("{", "{\n    ")},
    # Terraform and its provider send each < as the six characters of its escape.
    "TooLongWithEscapes": {"attach_policy_as": "managed", "policy_json": _identity_policy(6140, "<")},
}
SHORTEN = (
    "name fewer of key_arns, key_account_ids and key_regions, or leave key_regions or key_account_ids empty, so that "
    "the statement covers any Region or account"
)
MANAGED = "characters, more than the 6144 of a managed policy"

NO_ARNS = (
    "The ARNs of both roles must be known to pin the additions to them, which hardened or pin_additions_to_roles asks "
    "for: set appliance_role_arns and access_role_arns, leave create and check_role_tags true, or set "
    "pin_additions_to_roles = false."
)
BY_NAME_AND_PLACE = (
    "key_arns lists the keys one by one, so key_account_ids and key_regions would have no effect: remove key_arns, or "
    "the other two."
)
TOO_LARGE = (
    "The merged key policy has 32769 bytes as it is sent, in which &, < and > are six bytes each, more than the 32768 "
    "that KMS accepts: shorten policy_json."
)
TIMES = {NO_ARNS: len(NOTHING_TO_PIN_TO), BY_NAME_AND_PLACE: 2, TOO_LARGE: 2}

REFUSED = [
    TOO_LARGE,
    (
        "external_id is missing: set it to the id that Plerion shows for the integration, or set create_roles = false "
        "if the roles exist already."
    ),
    f'The policy TooLongForManaged has 6145 {MANAGED}: set attach_policy_as = "inline", or {SHORTEN}.',
    f'The policy TooLongWithEscapes has 6145 {MANAGED}: set attach_policy_as = "inline", or {SHORTEN}.',
    f"The policy TooLongForBoth has 10241 {MANAGED}: {SHORTEN}.",
    (
        "The policy TooLongForInline has 10241 characters, more than the 10240 that all inline policies of a role may "
        f"have together: {SHORTEN}. A managed policy may have no more than 6144."
    ),
    NO_ARNS,
    BY_NAME_AND_PLACE,
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
def errors(provider: ProviderRelay) -> Counter[str]:
    """The errors of two plans: wrong values stop Terraform before it looks at the rest."""
    given = {
        "policies": POLICIES,
        "sized_policies": SIZED_POLICIES,
        "nothing_to_pin_to": {**NOTHING_TO_PIN_TO, **NOT_PINNED},
    }
    with Terraform(CONFIGURATIONS / "refusals", NO_ACCOUNT, given, relay=provider) as terraform:
        wrong_values = terraform.folder / "wrong_values.tf.json"
        wrong_values.write_text(json.dumps(_calls_with_wrong_values()), encoding="utf-8")
        terraform.init()
        found = _errors_of_a_plan(terraform)
        wrong_values.unlink()
        return found + _errors_of_a_plan(terraform)


def _errors_of_a_plan(terraform: Terraform) -> Counter[str]:
    with pytest.raises(TerraformError) as raised:
        terraform.plan()
    return Counter(raised.value.sentences)


def test_each_refused_policy_gets_its_sentence(errors: Counter[str]) -> None:
    expected = Counter(row["message"] for row in POLICY_ROWS.values())
    assert {message: errors[message] for message in expected} == dict(expected)


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_done_is_refused_in_the_plan(errors: Counter[str], message: str) -> None:
    assert errors[message] == TIMES.get(message, 1)


@pytest.mark.parametrize(
    ("message", "times"),
    Counter(case["message"] for rows in MESSAGES.values() for cases in rows.values() for case in cases).items(),
)
def test_a_wrong_value_gets_a_sentence_in_each_module(errors: Counter[str], message: str, times: int) -> None:
    assert errors[message] == times


def test_there_are_no_other_errors(errors: Counter[str]) -> None:
    known = {case["message"] for rows in MESSAGES.values() for cases in rows.values() for case in cases}
    assert set(errors) - known - set(REFUSED) - {row["message"] for row in POLICY_ROWS.values()} == set()


@pytest.mark.parametrize("folder", module_folders(), ids=lambda folder: str(folder.relative_to(MODULES)))
def test_validations_are_where_customers_set_a_variable_and_each_has_its_case(folder: Path) -> None:
    variables = [block for block in read_file(folder / "variables.tf") if block.heading[0] == "variable"]
    validated = {
        block.heading[1]: len(validations)
        for block in variables
        if (validations := [inner for inner in block.blocks if inner.heading == ("validation",)])
    }
    rows = {} if is_internal(folder) else MESSAGES[folder.name]
    assert {name: len(cases) for name, cases in rows.items()} == validated
