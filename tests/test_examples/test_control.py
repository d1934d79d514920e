"""The control: with enforcement off, exactly the tests that expect a refusal fail. So they do see the difference."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from harness.access.expectations import load
from harness.paths import PROJECT
from plerion_kms.probes import SYMMETRIC, applicable

EXAMPLE, MODE = "documents-only", "SELECTED_KEYS"


@pytest.mark.xdist_group("control")
def test_with_enforcement_off_every_refusal_test_fails(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    outcome = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests/test_examples/test_access.py", "-q", "-p", "no:cacheprovider"),
            *("-k", f"{EXAMPLE}-{MODE}", f"--junitxml={report}"),
        ],
        cwd=PROJECT,
        env={**os.environ, "PLERION_KMS_ENFORCEMENT": "off", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == pytest.ExitCode.TESTS_FAILED, outcome.stdout + outcome.stderr
    failed = {
        case.attrib["name"].split("[")[1].rstrip("]"): case.find("failure") is not None
        for case in ET.parse(report).iter("testcase")  # noqa: S314 - our own report
    }
    expectations = load(EXAMPLE)
    expects_a_refusal = {
        f"{EXAMPLE}-{MODE}-{principal}-{key}": len(allowed) < len(applicable(SYMMETRIC))
        for principal, lines in expectations.access[MODE].items()
        for key, allowed in lines.items()
    }
    assert failed == expects_a_refusal
