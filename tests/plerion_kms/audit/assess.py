"""From a snapshot to a report: the roles found, every key judged, the findings collected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from plerion_kms.audit.alike import Alike
from plerion_kms.audit.errors import AuditError
from plerion_kms.audit.judge import Judge, Parsed, Side
from plerion_kms.audit.key_findings import Case, key_findings
from plerion_kms.audit.owners import owner_of
from plerion_kms.audit.report import AccountReport, Finding, KeyReport, Report, RoleAnswers, Unread, Verdict
from plerion_kms.audit.role_findings import modes_of, posing_roles, role_findings, trust_findings
from plerion_kms.audit.roles import (
    ACCESS_NAME,
    ACCESS_TAG,
    APPLIANCE_NAME,
    APPLIANCE_TAG,
    Integration,
    Role,
    caller_of,
    control_policies,
    find_roles,
    has_name,
    metadata_policy,
    mode_policy,
    stand_in,
)
from plerion_kms.audit.snapshot import Problem, SavedAccount, SavedKey, Snapshot
from plerion_kms.audit.unknown_context import cases, unknown_keys
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.kinds import PolicyKind


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may say about the integration.

    mode: for an account whose appliance role has no mode statement. hardened: whether a role that does not exist is
        judged as `hardened = true` of the modules would make it.
    integration_account: whose roles use the keys of accounts that have none.
    appliance_role, access_role: names, where the tags don't find the roles.
    """

    mode: str = "ALL_KEYS"
    hardened: bool = False
    integration_account: str = ""
    appliance_role: str = APPLIANCE_NAME
    access_role: str = ACCESS_NAME


type KeyCheck = Callable[[Judge, SavedKey], Iterable[Finding]]
"""A further look at each key that was judged: expectations, live calls."""


def assess(snapshot: Snapshot, options: Options, checks: Sequence[KeyCheck] = ()) -> Report:
    """Judge every key of the snapshot. Raises AuditError if the integration's account is not in the snapshot."""
    by_id = {account.account: account for account in snapshot.accounts}
    if options.integration_account and options.integration_account not in by_id:
        raise AuditError(
            f"The integration account {options.integration_account} was not read: read it too, since its roles decide."
        )

    both = cases(snapshot)
    uses_aliases = any("kms:resourcealiases" in text.lower() for text in snapshot.policies.values())
    unknown = _unknown_names(snapshot)

    @cache
    def parsed(digest: str | None, case: int) -> Policy:
        return parse_policy(both[case].policies.get(digest or "", ""), PolicyKind.KEY, "key policy")

    parsers: tuple[Parsed, Parsed] = (partial(parsed, case=0), partial(parsed, case=1))

    at_best: dict[str, Integration] = {}
    integrations: dict[str, Integration] = {}
    posing: dict[str, tuple[str, ...]] = {}
    answers: dict[RoleAnswers, RoleAnswers] = {}
    keys: list[KeyReport] = []
    findings: list[Finding] = []
    accounts: list[AccountReport] = []
    notes: dict[str, None] = {}
    for account in snapshot.accounts:
        home = by_id[home_of(account, options)]
        integration = integrations.get(home.account)
        if integration is None:
            integration = integrations[home.account] = _integration(home, both[0], options)
            at_best[home.account] = _integration(home, both[1], options)
            posing[home.account] = posing_roles(integration, home, snapshot)
            findings += role_findings(integration, home, snapshot)
        findings += trust_findings(account, snapshot)
        sides = tuple(
            Side(side, parser, control_policies(account.resource_control, PolicyKind.RESOURCE_CONTROL, case))
            for side, parser, case in zip((integration, at_best[home.account]), parsers, both, strict=True)
        )
        texts = snapshot.policies
        alike = Alike(texts.get(digest, "") for digest in _digests(home, account))
        judge = Judge(
            sides[0],
            sides[1],
            answers,
            partial(_kind, alike, texts),
            roles_read=home.roles is not None,
            uses_aliases=uses_aliases,
            unknown=unknown,
        )
        own: list[KeyReport] = []
        for region in account.regions:
            for saved in region.keys:
                key = replace(judge.key(saved), owner=owner_of(saved.tags))
                own.append(key)
                text = snapshot.policies.get(saved.policy or "", "")
                findings += key_findings(Case(key, saved, text, integration, posing[home.account]))
                if key.roles:
                    findings += (finding for check in checks for finding in check(judge, saved))
        keys += own
        counts = Counter(key.verdict for key in own)
        accounts.append(
            AccountReport(
                account.account, account.name, integration.appliance.arn, integration.access.arn, dict(counts)
            )
        )
        notes |= dict.fromkeys(_not_considered(integration, home))
    return Report(
        read_at=snapshot.read_at,
        mode=", ".join(sorted({integration.mode for integration in integrations.values()})),
        accounts=tuple(accounts),
        keys=tuple(keys),
        findings=tuple(findings),
        unread=tuple(_unread(snapshot)),
        not_considered=(*_controls_not_considered(snapshot.accounts), *notes),
        policies=snapshot.policies,
        existing_roles=tuple(arn for integration in integrations.values() for arn in integration.pinned or ()),
    )


def _kind(alike: Alike, texts: Mapping[str, str], saved: SavedKey) -> Hashable:
    return alike.of(saved, texts.get(saved.policy or "", ""))


def _digests(home: SavedAccount, account: SavedAccount) -> Iterator[str]:
    """Of the policies that may apply, but for key policies."""
    for role in home.roles or ():
        yield from role.inline.values()
    yield from home.managed.values()
    for level in (*(home.service_control or ()), *(account.resource_control or ())):
        yield from level.values()


def _unknown_names(snapshot: Snapshot) -> tuple[str, ...]:
    known = all(account.organization for account in snapshot.accounts)
    found = (unknown_keys(text, organization_known=known) for text in snapshot.policies.values())
    return tuple(sorted({name for names in found for name in names}))


def home_of(account: SavedAccount, options: Options) -> str:
    """The account whose roles use this account's keys: its own if it has an appliance role."""
    if find_roles(account, APPLIANCE_TAG, options.appliance_role):
        return account.account
    return options.integration_account or account.account


def _integration(account: SavedAccount, snapshot: Snapshot, options: Options) -> Integration:
    mode = mode_policy(options.mode, account.partition, harden=options.hardened)
    appliance = _role(account, snapshot, APPLIANCE_TAG, options.appliance_role, mode)
    access = _role(account, snapshot, ACCESS_TAG, options.access_role, metadata_policy(account.partition))
    modes = [options.mode] if appliance.saved is None else modes_of(appliance.saved, account, snapshot)
    return Integration(account.account, appliance, access, modes[0] if modes else options.mode, bool(modes))


def _role(account: SavedAccount, snapshot: Snapshot, tag: tuple[str, str], name: str, policy: str) -> Role:
    found = find_roles(account, tag, name)
    if not found:
        return stand_in(account, name, tag, policy, snapshot)
    # Several can carry the tag: the one of the usual name is Plerion's.
    chosen = next((role for role in found if has_name(role, name)), found[0])
    return Role(caller_of(chosen, account, snapshot), chosen)


def _controls_not_considered(accounts: Sequence[SavedAccount]) -> Iterator[str]:
    service = [account.account for account in accounts if account.service_control is None]
    resource = [account.account for account in accounts if account.resource_control is None]
    kinds = (
        [("Service and resource", service)] if service == resource else [("Service", service), ("Resource", resource)]
    )
    for kind, unread in kinds:
        if unread:
            whose = "all accounts" if 1 < len(unread) == len(accounts) else ", ".join(unread)
            yield (
                f"{kind} control policies of {whose} were not read, and the verdicts are given as if they restricted "
                "nothing: read them with --organization from the management account or a delegated administrator."
            )


def _not_considered(integration: Integration, home: SavedAccount) -> Iterator[str]:
    for role, name, tag in (
        (integration.appliance, "appliance", APPLIANCE_TAG),
        (integration.access, "access", ACCESS_TAG),
    ):
        tagged = [found.arn for found in home.roles or () if found.tags.get(tag[0]) == tag[1]]
        if len(tagged) > 1:
            names = ", ".join(sorted(tagged))
            yield f"Several roles are tagged {tag[0]} = {tag[1]} ({names}), and {role.arn} was judged."
        if role.saved is None and home.roles is not None:
            yield (
                f"Account {integration.account} has no {name} role: its keys are judged as if modules/plerion-kms had "
                f"created it{f' in the mode {integration.mode}' if name == 'appliance' else ''}."
            )


def _unread(snapshot: Snapshot) -> Iterator[Unread]:
    for account in snapshot.accounts:
        for problem in (*account.problems, *(problem for region in account.regions for problem in region.problems)):
            yield Unread(problem.account, problem.region, problem.subject, sentence_of(problem))


WAYS_OUT: Mapping[str, str] = {
    "ExpiredToken": "the credentials expired: log in again and repeat the command",
    "ExpiredTokenException": "the credentials expired: log in again and repeat the command",
    "RequestExpired": "the credentials expired: log in again and repeat the command",
    "UnrecognizedClientException": "the Region is not enabled, or the credentials are not known: leave the Region out",
    "InvalidClientTokenId": "the Region is not enabled, or the credentials are not known: leave the Region out",
    "AuthFailure": "the Region is not enabled, or the credentials are not known: leave the Region out",
    "EndpointConnectionError": "no endpoint answers: check the Region's name and the network",
    "NotFoundException": "it was deleted while the audit read it",
    "NoSuchEntity": "it was deleted while the audit read it",
    "ThrottlingException": "AWS throttled the calls to the end: repeat with fewer --threads",
}


def sentence_of(problem: Problem) -> str:
    """What could not be read, why, and what to do."""
    place = f" in {problem.region}" if problem.region else ""
    about = f" of {problem.subject}" if problem.subject else f" of account {problem.account}"
    way_out = WAYS_OUT.get(problem.code)
    if way_out is None and "AccessDenied" in problem.code:
        way_out = (
            "the audit's credentials are not allowed this call: 'plerion-kms audit --policy' prints what they need"
        )
        if problem.operation == "kms:GetKeyPolicy":
            way_out += ", and a key that does not delegate must name them in its own policy"
    return f"{problem.operation}{about}{place} failed ({problem.code}): {way_out or problem.message.rstrip('.')}."


def verdict_counts(report: Report) -> Mapping[Verdict, int]:
    """How many keys have each verdict."""
    return Counter(key.verdict for key in report.keys)
