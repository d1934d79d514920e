"""The modules' own tests, `terraform test` with a mocked provider: one process for each module."""

from __future__ import annotations

import pytest

from harness.aws.cloud import NO_ACCOUNT
from harness.paths import MODULES
from harness.terraform.binary import MOCK_PROVIDER_SINCE, program
from harness.terraform.provider_relay import ProviderRelay
from harness.terraform.runner import Terraform
from harness.tools.docs import module_folders

# How many runs each module has, so that none is lost unseen.
RUNS = {
    "key-access": 15,
    "key-policy": 2,
    "plerion-kms": 7,
    "plerion-kms/modules/role-policy": 2,
    "plerion-kms/modules/roles": 8,
}
APPLIED_BY_EXAMPLES = {"key-access", "plerion-kms", "plerion-kms/modules/roles"}
"""What their runs show, applied examples and the table of options show too; `.ci/run` alone runs them."""


def test_every_module_has_tests() -> None:
    # The one without tests of its own has those of plerion-kms, which passes its outputs on unchanged.
    folders = {str(folder.relative_to(MODULES)) for folder in module_folders()}
    assert folders - {"plerion-kms/modules/cmk-access"} == set(RUNS)


@pytest.mark.xdist_group("modules")
@pytest.mark.parametrize(
    "module", [pytest.param(module, marks=[pytest.mark.ci] if module in APPLIED_BY_EXAMPLES else []) for module in RUNS]
)
def test_terraform_test_passes(module: str, provider: ProviderRelay) -> None:
    if not program().has_mock_provider:
        since = " and ".join(f"{name} {'.'.join(map(str, version))}" for name, version in MOCK_PROVIDER_SINCE.items())
        pytest.skip(f"mock_provider came with {since}; this is {program()}.")
    with Terraform(MODULES / module, NO_ACCOUNT, relay=provider) as terraform:
        terraform.init()
        summary = terraform.test()
    assert summary == {"status": "pass", "passed": RUNS[module], "failed": 0, "errored": 0, "skipped": 0}
