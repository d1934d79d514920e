"""findings.sarif, for code scanning and the viewers of editors (SARIF 2.1.0)."""

from __future__ import annotations

import json

from plerion_kms.audit.report import Report, Severity
from plerion_kms.audit.rules import DOCS, RULES

LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note", Severity.INFO: "note"}


def render(report: Report) -> str:
    """One run. A finding's place is its ARN; SARIF viewers want a file too, so each names the report."""
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "helpUri": f"{DOCS}/blob/main/{rule.docs}",
            "defaultConfiguration": {"level": LEVELS[rule.severity]},
        }
        for rule in RULES
    ]
    results = [
        {
            "ruleId": finding.rule,
            "level": LEVELS[finding.severity],
            "message": {"text": f"{finding.sentence} {finding.fix.summary}"},
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": {"uri": "report.json"}},
                    "logicalLocations": [{"fullyQualifiedName": finding.subject, "kind": "resource"}],
                }
            ],
            "partialFingerprints": {"ruleAndSubject/v1": f"{finding.rule}|{finding.subject}"},
        }
        for finding in report.findings
    ]
    driver = {"name": "plerion-kms audit", "informationUri": DOCS, "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(log, indent=1) + "\n"
