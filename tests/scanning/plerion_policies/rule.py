"""A rule, and how it becomes checkov checks.

A rule says what is wrong with one block, one sentence for each finding, each with the fix. The sentences become the
record's guideline: checkov prints it, has it in its JSON, and keeps it for each result. (A record's details would be
the natural place, but checkov writes them into SARIF in a form that SARIF's schema refuses.)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from checkov.common.bridgecrew.severities import Severities
from checkov.common.checks.base_check import BaseCheck
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.data.base_check import BaseDataCheck
from checkov.terraform.checks.module.base_module_check import BaseModuleCheck
from checkov.terraform.checks.provider.base_check import BaseProviderCheck
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from plerion_policies.blocks import PROVIDER, RESOURCE_TYPES, Block
from plerion_policies.graph import configuration
from plerion_policies.rewriting import DOCUMENT_TYPE

# Without it checkov leaves out what a plan does not know, so that a policy known after apply would not be seen.
os.environ.setdefault("EVAL_TF_PLAN_AFTER_UNKNOWN", "1")

GUIDE = "https://github.com/plerion/plerion_kms/blob/main/tests/scanning/README.md"


@dataclass(frozen=True)
class Rule:
    """number: what follows CKV_PLERION_. name: what holds where the rule passes. severity: in checkov's words."""

    number: int
    name: str
    severity: str
    findings: Callable[[Block], Iterable[str]]

    @property
    def id(self) -> str:
        """The id that reports and skip comments name."""
        return f"CKV_PLERION_{self.number}"

    @property
    def guide(self) -> str:
        """Where the rule is explained."""
        return f"{GUIDE}#{self.id.lower()}"

    def judge(self, check: BaseCheck, kind: str, type_: str, conf: dict[str, Any]) -> CheckResult:
        """Judge a block and leave the fix in the check, from where checkov takes it right after.

        kind: checkov's name for the sort of block: resource, data, module or provider.
        """
        check.guideline = self.guide
        try:
            block = configuration(check.graph).read(kind, type_, check.entity_path, conf)
            findings = list(dict.fromkeys(self.findings(block)))
        except Exception as error:  # checkov would log it and count the block as neither passed nor failed
            findings = [f"{self.id} could not read this block ({type(error).__name__}: {error}): please report it."]
            check.guideline = f"{findings[0]} {self.guide}"
            return CheckResult.FAILED
        if findings:
            check.guideline = f"{' '.join(findings)} {self.guide}"
            return CheckResult.FAILED
        return CheckResult.PASSED if block.all_documents or block.tags else CheckResult.UNKNOWN

    def register(self) -> None:
        """Make it known to checkov for resources, data sources, module calls and providers, under one id."""
        _ResourceCheck(self)
        _DataCheck(self)
        _ModuleCheck(self)
        _ProviderCheck(self)


class _ResourceCheck(BaseResourceCheck):
    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name, rule.id, [CheckCategories.IAM], list(RESOURCE_TYPES), rule.guide)
        self.rule = rule
        self.severity = Severities[rule.severity]

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """See Rule.judge."""
        return self.rule.judge(self, "resource", self.entity_type, conf)


class _DataCheck(BaseDataCheck):
    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name, rule.id, [CheckCategories.IAM], [DOCUMENT_TYPE], rule.guide)
        self.rule = rule
        self.severity = Severities[rule.severity]

    def scan_data_conf(self, conf: dict[str, Any]) -> CheckResult:
        """See Rule.judge."""
        return self.rule.judge(self, "data", self.entity_type, conf)


class _ModuleCheck(BaseModuleCheck):
    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name, rule.id, [CheckCategories.IAM], ["module"], rule.guide)
        self.rule = rule
        self.severity = Severities[rule.severity]

    def scan_module_conf(self, conf: dict[str, Any]) -> CheckResult:
        """See Rule.judge."""
        return self.rule.judge(self, "module", "module", conf)


class _ProviderCheck(BaseProviderCheck):
    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.name, rule.id, [CheckCategories.IAM], ["aws"], rule.guide)
        self.rule = rule
        self.severity = Severities[rule.severity]

    def scan_provider_conf(self, conf: dict[str, Any]) -> CheckResult:
        """See Rule.judge."""
        return self.rule.judge(self, PROVIDER, PROVIDER, conf)
