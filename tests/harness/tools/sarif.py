"""checkov's SARIF, adapted for code scanning: places in the HCL, messages with the fix, one category for each run."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.tools.checkov import Answer, Finding


def write(
    path: Path,
    category: str,
    answer: Answer,
    findings: Sequence[Finding],
    keep: Callable[[Finding], bool] | None = None,
) -> None:
    """Write SARIF for `findings`: those of `answer`, in its order, after their places and reasons were completed.

    keep: which of them to write; all by default.
    """
    document = copy.deepcopy(answer.sarif)
    run = document["runs"][0]
    # Code scanning takes one run for each category and tool.
    run["automationDetails"] = {"id": f"{category}/"}
    for result, finding in zip(run["results"], findings, strict=True):
        _complete(result, finding)
    pairs = zip(run["results"], findings, strict=True)
    run["results"] = [result for result, finding in pairs if keep is None or keep(finding)]
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")


def _complete(result: dict[str, Any], finding: Finding) -> None:
    result["message"] = {"text": f"{finding.name}. {finding.fix}".strip()}
    # checkov fills this in a form that SARIF's schema refuses.
    result.pop("attachments", None)
    region = {"startLine": max(finding.location.start, 1), "endLine": max(finding.location.end, 1)}
    result["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": finding.location.file}, "region": region}}]
    if finding.reason is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.reason}]
