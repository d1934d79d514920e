"""The documents that the modules render, all of them by one Terraform process of a worker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from harness.aws.cloud import NO_ACCOUNT
from harness.paths import MODULES
from harness.terraform import provider_binary
from harness.terraform.cli_config import terraform_environment
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.provider_schema import named_types
from harness.terraform.runner import Terraform

from . import CONFIGURATIONS
from .sizes import LARGEST, policy_whose_merged_size_is

INTEGRATION_ACCOUNT = "111122223333"
AT_THE_LIMIT = {
    "ASCII at the limit": ("x", LARGEST),
    "two bytes a letter at the limit": ("é", LARGEST),
    "signs that are sent as escapes at the limit": ("<>&", LARGEST),
}
DELEGATION: dict[str, dict[str, Any]] = yaml.safe_load((CONFIGURATIONS / "delegation.yaml").read_text(encoding="utf-8"))
"""The hand-written judgements of what key policies delegate."""


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderRelay]:
    """The AWS provider for all of this worker's folders, without an account."""
    types = named_types(MODULES) | named_types(CONFIGURATIONS)
    folder = tmp_path_factory.mktemp("provider")
    started = ProviderRelay(
        provider_binary.locate().file, types, {**terraform_environment(folder), **NO_ACCOUNT}, folder
    )
    yield started
    started.stop()


@pytest.fixture(scope="session")
def policies() -> dict[str, dict[str, Any]]:
    """The hand-written key policies of `policies.yaml`."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load((CONFIGURATIONS / "policies.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="session")
def rendered(policies: dict[str, dict[str, Any]], provider: ProviderRelay) -> dict[str, Any]:
    """The outputs of the configuration `documents`."""
    given = {name: row["given"] for name, row in policies.items()}
    large = {
        name: json.dumps(policy_whose_merged_size_is(size, letter)) for name, (letter, size) in AT_THE_LIMIT.items()
    }
    variables = {
        "integration_account_id": INTEGRATION_ACCOUNT,
        "policies": {**given, **large},
        "delegating": {
            name: {"policy_json": row["given"], "appliance_role_arns": row.get("appliance_role_arns", [])}
            for name, row in DELEGATION.items()
        },
        "only_additions": [name for name, row in policies.items() if row.get("removed") == "refused"],
    }
    with Terraform(CONFIGURATIONS / "documents", NO_ACCOUNT, variables, relay=provider) as terraform:
        terraform.init()
        return terraform.apply().outputs
