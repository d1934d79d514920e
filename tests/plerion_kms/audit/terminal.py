"""The report on a terminal: three counts, an account a row, then what to do, grouped by fix."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from plerion_kms.audit.groups import Group, grouped
from plerion_kms.audit.key_findings import NOT_NEEDED
from plerion_kms.audit.report import COULD_NOT_LOOK, KeyReport, Report, Severity, Verdict
from plerion_kms.audit.rules import RULES
from plerion_kms.audit.whatif import Changed

SHOWN_SUBJECTS = 4
SHOWN_COMMANDS = 3
SHOWN_CHANGES = 50
SHOWN_UNREAD = 20
STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan", Severity.INFO: "dim"}
INDENT = "   "
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal could take for a command: a Sid may hold the upper half of them."""
_TITLES = {rule.id: rule.title for rule in RULES}


def show(report: Report, console: Console, *, changed: Sequence[Changed] | None) -> None:
    """Print the report. changed: the keys whose verdict a what-if moves, None without one."""
    keys = {key.arn: key for key in report.keys}
    if changed is not None:
        _show_changes(changed, console)
    console.print(_counts(report))
    console.print()
    console.print(_accounts(report))
    for number, group in enumerate(grouped(report.findings), 1):
        console.print()
        _show_group(number, group, keys, console)
    if not report.findings:
        console.print()
        console.print(Text("There is nothing to do."))
        pairs = sum(key.verdict is Verdict.PARTLY and set(key.missing) <= NOT_NEEDED for key in report.keys)
        if pairs:
            keys_lack = "1 key, partly open, lacks" if pairs == 1 else f"{pairs} keys, partly open, lack"
            _say(f"{keys_lack} data key pairs alone, which nothing that Plerion scans needs.", console, indent="")
    if report.unread or report.not_considered:
        console.print()
    for unread in report.unread[:SHOWN_UNREAD]:
        _say(f"Could not look: {unread.sentence}", console, indent="")
    if len(report.unread) > SHOWN_UNREAD:
        _say(f"And {len(report.unread) - SHOWN_UNREAD} more, which report.json has.", console, indent="")
    for note in report.not_considered:
        _say(f"Note: {note}", console, style="dim", indent="")


def _counts(report: Report) -> Text:
    return Text.assemble(
        (f"{report.opened} open", "bold green"),
        "   ",
        (f"{report.needing_work} {'needs' if report.needing_work == 1 else 'need'} work", "bold red"),
        "   ",
        (f"{report.not_looked_at} could not look", "bold yellow"),
        f"   of {len(report.keys)} {'key' if len(report.keys) == 1 else 'keys'}",
    )


def _accounts(report: Report) -> Table:
    """A row for each account. What is neither open nor unread stands in words, so that 80 columns are enough."""
    subjects = {finding.subject for finding in report.findings}
    work = Counter(key.account for key in report.keys if key.arn in subjects)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Account", no_wrap=True)
    for title in ("Open", "Needs work", "Could not look"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Not open")
    for account in report.accounts:
        others = ", ".join(
            f"{number} {verdict.value}"
            for verdict in Verdict
            if verdict not in (Verdict.OPEN, *COULD_NOT_LOOK) and (number := account.counts.get(verdict))
        )
        table.add_row(
            Text(textwrap.shorten(f"{account.account} {account.name}", 30, placeholder=" ...")),
            str(account.counts.get(Verdict.OPEN, 0)),
            str(work[account.account]),
            str(sum(account.counts.get(verdict, 0) for verdict in COULD_NOT_LOOK)),
            Text(others or "-"),
        )
    return table


def _show_group(number: int, group: Group, keys: dict[str, KeyReport], console: Console) -> None:
    title = Text.assemble((f"{number}. {group.severity.value}  ", STYLES[group.severity]), (group.fix.summary, "bold"))
    console.print(title, soft_wrap=True)
    places = _places(group, keys)
    if places:
        _say(places, console)
    for rule in group.rules:
        console.print(Text(f"{INDENT}{rule}  {_TITLES[rule]}"), soft_wrap=True)
    more = len(group.subjects) - 1
    first = (finding.sentence for finding in group.findings if finding.subject == group.subjects[0])
    for place, sentence in enumerate(first):
        _say(f"{'For instance: ' if more and not place else ''}{sentence}", console)
    if more:
        names = ", ".join(_name(subject, keys) for subject in group.subjects[1 : 1 + SHOWN_SUBJECTS])
        rest = f" and {more - SHOWN_SUBJECTS} more" if more > SHOWN_SUBJECTS else ""
        _say(f"The same for {names}{rest}.", console)
    # Never broken by us: they are there to be copied.
    lines = [*group.commands[:SHOWN_COMMANDS], *group.fix.terraform.splitlines()]
    for line in lines:
        console.print(Text(f"{INDENT}  {CONTROL.sub('?', line)}", style="cyan"), soft_wrap=True)
    if len(group.commands) > SHOWN_COMMANDS:
        _say(f"With --out, all {len(group.commands)} commands are in commands.sh of the account.", console)
    if group.fix.by == "key policy":
        _say("With --out, the account's folder holds the Terraform for these keys.", console)


def _places(group: Group, keys: dict[str, KeyReport]) -> str:
    """How many keys, and where they are: `37 keys: 30 in 111122223333 us-east-1, 7 in 111122223333 eu-west-1`; empty
    if the group is about roles."""
    found = [keys[subject] for subject in group.subjects if subject in keys]
    if not found:
        return ""
    places = Counter(f"{key.account} {key.region}" for key in found)
    total = f"{len(found)} {'key' if len(found) == 1 else 'keys'}"
    if len(places) == 1:
        return f"{total} in {next(iter(places))}"
    listed = [f"{count} in {place}" for place, count in places.most_common(SHOWN_SUBJECTS)]
    rest = len(places) - len(listed)
    return f"{total}: {', '.join(listed)}{f' and more in {rest} other places' if rest else ''}"


def _name(subject: str, keys: dict[str, KeyReport]) -> str:
    """An alias or the id of a key; of something else, the ARN."""
    key = keys.get(subject)
    if key is None:
        return subject
    return key.aliases[0] if key.aliases else subject.rpartition("/")[2]


def _say(text: str, console: Console, *, style: str = "", indent: str = INDENT) -> None:
    """Wrapped at spaces alone: an ARN that is broken can't be copied."""
    lines = textwrap.wrap(
        CONTROL.sub("?", text),
        console.width,
        initial_indent=indent,
        subsequent_indent=indent or INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        console.print(Text(line, style=style), soft_wrap=True)


def _show_changes(changed: Sequence[Changed], console: Console) -> None:
    if not changed:
        console.print(Text("No key's verdict would change.", style="bold"))
    else:
        what = "1 key's verdict" if len(changed) == 1 else f"The verdicts of {len(changed)} keys"
        console.print(Text(f"{what} would change.", style="bold"))
    for change in changed[:SHOWN_CHANGES]:
        name = f"{change.key.aliases[0]} " if change.key.aliases else ""
        console.print(Text(f"{INDENT}{name}{change.key.arn}"), soft_wrap=True)
        console.print(Text(f"{INDENT}  {change.before.value} -> {change.after.value}"), soft_wrap=True)
    if len(changed) > SHOWN_CHANGES:
        console.print(Text(f"{INDENT}and {len(changed) - SHOWN_CHANGES} more."))
    console.print()
