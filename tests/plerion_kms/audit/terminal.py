"""The report on a terminal: three counts, an account a row, then what to do, grouped by fix."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plerion_kms.audit.groups import Group, grouped
from plerion_kms.audit.report import AccountReport, Report, Severity, Verdict
from plerion_kms.audit.rules import RULES
from plerion_kms.audit.whatif import Changed

SHOWN_SUBJECTS = 3
STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}
COULD_NOT_LOOK = (Verdict.UNREADABLE, Verdict.UNDECIDED)
_TITLES = {rule.id: rule.title for rule in RULES}


def show(report: Report, console: Console, *, changed: Sequence[Changed] | None) -> None:
    """Print the report. changed: the keys whose verdict a what-if moves, None without one."""
    if changed is not None:
        _show_changes(changed, console)
    console.print(_counts(report))
    console.print(_accounts(report.accounts))
    for number, group in enumerate(grouped(report.findings), 1):
        _show_group(number, group, console)
    for unread in report.unread:
        console.print(Text(f"Could not look: {unread.sentence}"))
    for note in report.not_considered:
        console.print(Text(f"Note: {note}", style="dim"))


def _counts(report: Report) -> Table:
    needs_work = {finding.subject for finding in report.findings}
    unread = sum(key.verdict in COULD_NOT_LOOK for key in report.keys)
    table = Table(box=box.SIMPLE, show_header=True, pad_edge=False)
    for title in ("Open", "Needs work", "Could not look"):
        table.add_column(title, justify="right")
    opened = sum(key.verdict is Verdict.OPEN for key in report.keys)
    table.add_row(str(opened), str(sum(key.arn in needs_work for key in report.keys)), str(unread))
    return table


def _accounts(accounts: Sequence[AccountReport]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("Account", no_wrap=True)
    verdicts = [verdict for verdict in Verdict if any(account.counts.get(verdict) for account in accounts)]
    for verdict in verdicts:
        table.add_column(verdict.value, justify="right")
    for account in accounts:
        name = f"{account.account} {account.name}".strip()
        table.add_row(name, *(str(account.counts.get(verdict, 0) or "-") for verdict in verdicts))
    return table


def _show_group(number: int, group: Group, console: Console) -> None:
    console.print(
        Text.assemble((f"{number}. {group.severity.value}  ", STYLES[group.severity]), (group.fix.summary, "bold"))
    )
    for rule in group.rules:
        console.print(Text(f"   {rule}  {_TITLES[rule]}"))
    first = group.findings[0]
    console.print(Text(f"   {first.sentence}"))
    more = len(group.subjects) - 1
    if more:
        names = ", ".join(group.subjects[1 : 1 + SHOWN_SUBJECTS])
        rest = f" and {more - SHOWN_SUBJECTS} more" if more > SHOWN_SUBJECTS else ""
        console.print(Text(f"   The same for {names}{rest}."))
    for line in (*group.fix.command.splitlines(), *group.fix.terraform.splitlines()):
        console.print(Text(f"     {line}", style="dim"))


def _show_changes(changed: Sequence[Changed], console: Console) -> None:
    console.print(Text(f"{len(changed)} keys would change.", style="bold"))
    for change in changed:
        console.print(Text(f"  {change.key.arn}: {change.before.value} -> {change.after.value}"))
