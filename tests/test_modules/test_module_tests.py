"""The modules' own tests, `terraform test` with a mocked provider: one process for each module."""

from __future__ import annotations

import pytest

from harness.aws.cloud import NO_ACCOUNT
from harness.paths import MODULES
from harness.terraform.binary import locate, version_of
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.runner import Terraform

MOCK_PROVIDER_SINCE = (1, 7)

# How many runs each module has, so that none is lost unseen.
RUNS = {
    "cmk-access": 2,
    "existing-role": 3,
    "key-access": 15,
    "key-policy": 2,
    "plerion-kms": 5,
    "role-policy": 2,
    "roles": 3,
}


def test_every_module_has_tests() -> None:
    assert {path.name for path in MODULES.iterdir()} == set(RUNS)


@pytest.mark.xdist_group("terraform-test")
@pytest.mark.parametrize("module", RUNS)
def test_terraform_test_passes(module: str, provider: ProviderRelay) -> None:
    if version_of(locate()) < MOCK_PROVIDER_SINCE:
        pytest.skip("Terraform knows mock_provider since 1.7.")
    with Terraform(MODULES / module, NO_ACCOUNT, relay=provider) as terraform:
        terraform.init()
        summary = terraform.test()
    assert summary == {"status": "pass", "passed": RUNS[module], "failed": 0, "errored": 0, "skipped": 0}
