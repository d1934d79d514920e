"""Each defect, put into a copy of an example, makes the scan fail and name place and fix; the rest is clean."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.paths import PROJECT
from harness.tools.checkov import Report
from harness.tools.scan import scan_project, show
from test_scanning.annotations import Expected, read
from test_scanning.conftest import plans_without_account

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("scanning-seeds")]

EXAMPLE = "selected-keys"
SEEDS = Path(__file__).parent / "seeds"
DEFECTS = list(read(SEEDS))

# What a person reads about each, by hand.
FIXES = {
    "CKV_PLERION_1": "aws:PrincipalTag/... or aws:PrincipalArn, to pin the identity",
    "CKV_PLERION_2": 'set Version = "2012-10-17"',
    "CKV_PLERION_3": "put it on the caller's IAM policy",
    "CKV_PLERION_4": 'Bool = { "kms:GrantIsForAWSResource" = "true" }',
    "CKV_PLERION_5": "move the rest to another statement",
    "CKV_PLERION_6": "use StringEqualsIgnoreCase or StringNotEqualsIgnoreCase",
    "CKV_PLERION_7": 'use "Granted" or "Denied"',
    "CKV_PLERION_8": 'use the string "True", in quotes',
    "CKV_PLERION_9": 'add StringEquals = { "sts:ExternalId" = ... }',
    "CKV_PLERION_10": "Keep one of the two, or give both the same condition",
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, reports: Path) -> dict[str, Report]:
    """One scan of a project that holds the example as it is and a copy with all defects."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "modules", project / "modules")
    clean = project / "examples" / EXAMPLE
    shutil.copytree(PROJECT / "examples" / EXAMPLE, clean)
    shutil.copytree(clean, project / "examples" / "seeded")
    with (project / "examples" / "seeded" / "main.tf").open("a", encoding="utf-8") as main:
        main.write((SEEDS / f"{EXAMPLE}.tf").read_text(encoding="utf-8"))
    return scan_project(project, reports, plans_without_account)


@pytest.fixture(scope="module")
def printed(outcomes: dict[str, Report]) -> str:
    """What `make scan` prints."""
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout.write", lines.append)
        assert show(outcomes) == 1
    return "".join(lines)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.label)
def test_defect_is_named_with_file_line_and_mend(defect: Expected, outcomes: dict[str, Report], printed: str) -> None:
    offset = len((PROJECT / "examples" / EXAMPLE / "main.tf").read_text(encoding="utf-8").splitlines())
    for mode, ids in defect.fails.items():
        for check in ids:
            found = [
                finding
                for finding in outcomes[mode].failed
                if finding.check == check and finding.resource.partition(" ")[0] == defect.label
            ]
            assert [(f.location.file, f.location.start) for f in found] == [
                ("examples/seeded/main.tf", defect.line + offset)
            ]
            assert FIXES[check] in found[0].fix
            assert f"{found[0].location}: {check}" in printed
            assert found[0].fix in printed


def test_all_defects_are_seeded() -> None:
    assert {check for defect in DEFECTS for ids in defect.fails.values() for check in ids} == set(FIXES)


def test_the_clean_copy_has_no_finding(outcomes: dict[str, Report]) -> None:
    places = {finding.location.file for outcome in outcomes.values() for finding in outcome.failed}
    assert places == {"examples/seeded/main.tf"}
    assert all(not outcome.parsing_errors for outcome in outcomes.values())


@pytest.mark.parametrize("mode", ["hcl", "plan"])
def test_sarif_names_the_places_in_the_hcl(mode: str, outcomes: dict[str, Report], reports: Path) -> None:
    run = json.loads((reports / f"{mode}.sarif").read_text(encoding="utf-8"))["runs"][0]
    assert run["automationDetails"]["id"] == f"checkov/{mode}/"
    results = [result for result in run["results"] if "suppressions" not in result]
    assert len(results) == len(outcomes[mode].failed)
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "examples/seeded/main.tf"
        assert place["region"]["startLine"] > 1
        assert "attachments" not in result
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
