"""findings.sarif, checked by hand against what SARIF 2.1.0 requires (OASIS standard, sections 3.13 to 3.49)."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.writers import sarif

from .snapshots import Made


def test_the_log_has_what_the_standard_requires() -> None:
    made = Made()
    keys = [
        made.key([made.administration()], aliases=("alias/a",)),
        made.key([made.root()], tags={"PlerionAccess": "<b>\u00e9"}),
    ]
    report = assess(made.snapshot(), Options())
    log = json.loads("".join(sarif.render(report)))
    assert log["version"] == "2.1.0"
    assert urlsplit(log["$schema"]).path.endswith("sarif-2.1.0.json")
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert urlsplit(rule["helpUri"]).scheme == "https"
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    assert len(run["results"]) == len(report.findings) > 2
    fingerprints = set()
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("note", "warning", "error")
        assert result["message"]["text"]
        [location] = result["locations"]
        assert not urlsplit(location["physicalLocation"]["artifactLocation"]["uri"]).scheme
        # GitHub shows no result without a line.
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        [logical] = location["logicalLocations"]
        assert logical["fullyQualifiedName"] in keys
        fingerprints.add(result["partialFingerprints"]["ruleAndSubject/v1"])
    assert len(fingerprints) == len(run["results"])
