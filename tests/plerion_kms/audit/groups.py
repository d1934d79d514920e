"""Findings grouped by what fixes them: thirty-seven keys that need the same statement are one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plerion_kms.audit.report import Finding, Fix, Severity

ORDER = tuple(Severity)
"""From the least to the most severe."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings with one fix, but for the commands, which name each finding's own key."""

    fix: Fix
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        return max((finding.severity for finding in self.findings), key=ORDER.index)

    @property
    def commands(self) -> tuple[str, ...]:
        """The shell commands of all findings, one a line, each once."""
        return tuple(dict.fromkeys(line for finding in self.findings for line in finding.fix.command.splitlines()))

    @property
    def rules(self) -> tuple[str, ...]:
        ranked = sorted(self.findings, key=lambda finding: -ORDER.index(finding.severity))
        return tuple(dict.fromkeys(finding.rule for finding in ranked))

    @property
    def subjects(self) -> tuple[str, ...]:
        """The keys, roles or accounts that the fix is for, each once."""
        return tuple(dict.fromkeys(finding.subject for finding in self.findings))


def grouped(findings: Sequence[Finding]) -> list[Group]:
    """The most severe group first, then the one with the most subjects."""
    by_fix: dict[Fix, list[Finding]] = {}
    for finding in findings:
        by_fix.setdefault(replace(finding.fix, command=""), []).append(finding)
    groups = [Group(fix, tuple(found)) for fix, found in by_fix.items()]
    return sorted(groups, key=lambda group: (-ORDER.index(group.severity), -len(group.subjects), group.rules))


def at_or_above(findings: Sequence[Finding], severity: Severity) -> list[Finding]:
    """The findings of that severity and of higher ones."""
    return [finding for finding in findings if ORDER.index(finding.severity) >= ORDER.index(severity)]
