"""The modules' own tests, `terraform test` with a mocked provider: one process for each module."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.paths import MODULES
from harness.terraform.binary import MOCK_PROVIDER_SINCE, program
from harness.terraform.provider_relay import KeptProvider

from .module_folder import ModuleFolder

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
def test_terraform_test_passes(module: str, provider: KeptProvider, tmp_path: Path) -> None:
    if not program().has_mock_provider:
        since = " and ".join(f"{name} {'.'.join(map(str, version))}" for name, version in MOCK_PROVIDER_SINCE.items())
        pytest.skip(f"mock_provider came with {since}; this is {program()}.")
    outcome = ModuleFolder(tmp_path, module, provider).run("test")
    assert outcome.succeeded, "\n".join(outcome.errors)
    (summary,) = [found["test_summary"] for found in outcome.messages if found["type"] == "test_summary"]
    assert summary == {"status": "pass", "passed": RUNS[module], "failed": 0, "errored": 0, "skipped": 0}
