"""All fixtures planned as one root module and scanned once, by the command that customers are given."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from harness.aws.cloud import NO_ACCOUNT
from harness.terraform.combined import Tree, combined, plan_documents
from harness.tools.checkov import Report
from harness.tools.scan import PlanDocuments, scan_folder

FIXTURES = Path(__file__).parent / "fixtures"
PLANNED = tuple(sorted({path.parent.name for path in FIXTURES.glob("*/main.tf")} - {"hcl_only", "hcl_values"}))
BROKEN = "broken/main.tf"

type Observed = dict[tuple[str, str, str], frozenset[str]]


def plans_without_account(tree: Tree) -> PlanDocuments:
    """The plan documents of root modules that look nothing up."""
    with combined(tree, NO_ACCOUNT) as terraform:
        return plan_documents(tree, terraform)


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """What scanning the fixtures found, by mode. Each folder holds its plan too; one more holds what is no HCL."""
    folder = tmp_path_factory.mktemp("customer") / "terraform"
    shutil.copytree(FIXTURES, folder)
    (folder / BROKEN).parent.mkdir()
    (folder / BROKEN).write_text("resource {", encoding="utf-8")
    tree = Tree(FIXTURES, PLANNED, (*PLANNED, "wrappers"), {})
    for root, document in plans_without_account(tree).items():
        (folder / root / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    return scan_folder(folder, tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="session")
def observed(outcomes: dict[str, Report]) -> Observed:
    """(mode, folder, block) -> the ids that failed. What fails within a called module counts for the call."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for mode, outcome in outcomes.items():
        for finding in outcome.failed:
            place = finding.caller or finding.location
            found[mode, Path(place.file).parent.name, label_of(finding.resource)].add(finding.check)
    return {key: frozenset(ids) for key, ids in found.items()}


def label_of(resource: str) -> str:
    """The block of the root module that a finding's resource belongs to, as annotations name it."""
    parts = resource.split(".")
    if len(parts) == 1:
        return f"module.{resource}"
    return ".".join(parts[:2]).partition("[")[0]
