"""findings.sarif, for code scanning and the viewers of editors (SARIF 2.1.0)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from plerion_kms.audit.report import Finding, Report, Severity
from plerion_kms.audit.rules import DOCS, RULES

LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note", Severity.INFO: "note"}


def render(report: Report) -> Iterator[str]:
    """The log in pieces, with one run. A finding's place is its ARN; SARIF viewers want a file too, so each names the
    report."""
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "helpUri": f"{DOCS}/blob/main/{rule.docs}",
            "defaultConfiguration": {"level": LEVELS[rule.severity]},
        }
        for rule in RULES
    ]
    driver = {"name": "plerion-kms audit", "informationUri": DOCS, "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": []}],
    }
    head, end = json.dumps(log, indent=1).rsplit("[]", 1)
    yield f"{head}["
    indexes = {rule.id: index for index, rule in enumerate(RULES)}
    for number, finding in enumerate(report.findings):
        yield f"{',' if number else ''}\n{json.dumps(_result(finding, indexes[finding.rule]))}"
    yield f"]{end}\n"


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.sentence} {finding.fix.summary}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": "report.json"}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": finding.subject, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"ruleAndSubject/v1": f"{finding.rule}|{finding.subject}"},
    }
