"""Findings about keys: each from the key's report, the policy text and the grants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from plerion_kms.audit import rules
from plerion_kms.audit.iam_commands import put_role_policy
from plerion_kms.audit.judge import APPLIANCE_ACTIONS, FOR_EBS, tag_name
from plerion_kms.audit.key_statements import (
    RESOURCE_ACCOUNT,
    additions,
    is_ours,
    plerion_statements,
    principal_accounts,
    trusts_tag_alone,
    version_of,
)
from plerion_kms.audit.mode_statements import tag_is_binding
from plerion_kms.audit.report import Answer, Finding, Fix, KeyReport, Verdict
from plerion_kms.audit.roles import Integration, metadata_policy, mode_policy
from plerion_kms.audit.snapshot import SavedKey
from plerion_kms.authorization.decision import Outcome, Source

NOT_NEEDED = frozenset({"kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext"})
"""The mode statement lists them by its wildcard. Nothing that the appliance scans needs them."""

EXCEPT_FROM_DENY = Fix("Except the Plerion roles from the statements of the key policy that deny them.", "owner")

GIVE_TO_OWNER = Fix("Give the patch in the account's owners.md to the owner of the key's policy.", "owner")

WITHOUT_DECISION = frozenset({Verdict.AWS_MANAGED, Verdict.UNUSABLE, Verdict.UNREADABLE})

KEY_POLICY_SOURCES = frozenset({Source.KEY_POLICY.value, Source.NOT_CROSS_ACCOUNT.value})


@dataclass(frozen=True, slots=True)
class Case:
    """A key as the rules look at it.

    text: its policy.
    posing: other roles of the integration's account whose sessions can carry the appliance's tag, each with the reason.
    """

    key: KeyReport
    saved: SavedKey
    text: str
    integration: Integration
    posing: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """The value of PlerionAccess in lower case, empty if untagged."""
        return (self.key.tag or "").lower()

    @property
    def wanted(self) -> bool:
        """Whether the customer's tag and mode say that the appliance should use the key."""
        if self.integration.mode == "SELECTED_KEYS":
            return self.tag == "granted"
        return self.tag != "denied"

    @property
    def same_account(self) -> bool:
        return self.key.account == self.integration.account

    @property
    def policy_fix(self) -> Fix:
        """The statements that open the key, those for EBS volumes included, restricted to the roles if they exist."""
        return _opening(self.integration.account, self.key.account, self.integration.pinned)

    @property
    def removal_fix(self) -> Fix:
        """The key policy without the statements that open it: what the tag Denied asks for."""
        return Fix(
            "Remove the Plerion statements from the key policy.",
            "key policy",
            terraform='module "plerion_key_access" {\n'
            "  keys = { NAME = { grant_plerion_access = false } } # and the rest\n}",
        )

    @property
    def key_options(self) -> str:
        """`--region` and `--key-id` of an `aws kms` command for the key."""
        return f"--region {self.key.region} --key-id {self.key.arn}"


@cache
def _opening(integration: str, key_account: str, pinned: tuple[str, str] | None) -> Fix:
    form = "same-account" if integration == key_account else "cross-account"
    arguments: dict[str, object] = {"allow_ebs_volumes": True}
    if integration != key_account:
        arguments["integration_account_ids"] = [integration]
    if pinned:
        arguments |= {"appliance_role_arns": [pinned[0]], "access_role_arns": [pinned[1]]}
    width = max(map(len, arguments))
    lines = "".join(f"  {name:{width}} = {json.dumps(value)}\n" for name, value in arguments.items())
    statements = additions(integration, key_account, pinned)
    return Fix(
        f"Add the Plerion statements ({form} form) to the key policy.",
        "key policy",
        statements=tuple(json.dumps(statement, indent=2) for statement in statements),
        terraform=f'module "plerion_key_access" {{\n{lines}}}',
    )


def key_findings(case: Case) -> Iterator[Finding]:
    """All findings about one key, the most important first."""
    if case.key.verdict in WITHOUT_DECISION:
        return
    changes_policy = False
    for finding in _findings(case):
        changes_policy |= finding.fix.by == "key policy"
        yield finding
    if case.key.owner and changes_policy:
        sentence = f"The policy of {case.key.arn} is owned by {case.key.owner}: the written Terraform leaves it out."
        yield rules.OWNED.finding(case.key.arn, sentence, GIVE_TO_OWNER)


def _findings(case: Case) -> Iterator[Finding]:
    yield from _tag_value(case)
    yield from _grants(case)
    yield from _form(case)
    yield from _tag_without_effect(case)
    yield from _posing(case)
    if case.key.verdict is Verdict.UNDECIDED:
        yield from _undecided(case)
    elif case.wanted:
        yield from _access(case)
        yield from _appliance(case)


def _undecided(case: Case) -> Iterator[Finding]:
    """The statements settle what the key policy leaves open; what else is undecided has to be decided by hand."""
    fix = Fix("Decide this key by hand, and report the unsupported part to this project.", "owner")
    doubtful = [action for answers in case.key.roles for action, given in answers.actions if _in_doubt(given)]
    if case.wanted and _sources(case, "appliance", doubtful) <= KEY_POLICY_SOURCES:
        fix = case.policy_fix
    yield rules.UNDECIDED.finding(case.key.arn, case.key.reason, fix)


def _in_doubt(given: Answer) -> bool:
    return given.outcome is Outcome.UNDECIDED


def _access(case: Case) -> Iterator[Finding]:
    denied = _denied(case, "access")
    if denied:
        sentence = (
            f"[Error MissingPermission] PlerionAccessRole is missing {next(iter(denied))} permission when accessing "
            f"key {case.key.arn}. {_denying(denied)}"
        )
        yield rules.MISSING_PERMISSION.finding(case.key.arn, sentence, EXCEPT_FROM_DENY)
    missing = [action for action in case.key.missing_metadata if action not in denied]
    if not missing:
        return
    first, *others = missing
    more = f" The same holds for {', '.join(others)}." if others else ""
    sentence = (
        f"[Error MissingPermission] PlerionAccessRole is missing {first} permission when accessing key {case.key.arn}."
        f"{more}"
    )
    if _sources(case, "access", missing) <= KEY_POLICY_SOURCES:
        yield rules.MISSING_PERMISSION.finding(case.key.arn, sentence, case.policy_fix)
        return
    fix = Fix(
        "Give PlerionAccessRole the metadata policy.",
        "role",
        command=put_role_policy(
            case.integration.access.arn, "PlerionKmsMetadata", metadata_policy(_partition(case.integration.access.arn))
        ),
        terraform='module "plerion_kms" {\n  attach_metadata_policy = true\n}',
    )
    yield rules.MISSING_PERMISSION.finding(case.key.arn, sentence, fix)


def _appliance(case: Case) -> Iterator[Finding]:
    arn = case.key.arn
    denied = {action: name for action, name in _denied(case, "appliance").items() if action not in NOT_NEEDED}
    if denied:
        sentence = f"The key policy of {arn} denies the appliance {', '.join(denied)}. {_denying(denied)}"
        yield rules.PARTLY.finding(arn, sentence, EXCEPT_FROM_DENY)
    missing = [action for action in case.key.missing if action not in NOT_NEEDED and action not in denied]
    if not missing:
        return
    if not _sources(case, "appliance", missing) <= KEY_POLICY_SOURCES:
        refused = [given for action, given in case.key.roles[0].actions if action in missing]
        reasons = dict.fromkeys(given.reason for given in refused)
        sources = _sources(case, "appliance", missing) - KEY_POLICY_SOURCES
        fix = Fix(f"Let that policy allow what the mode statement lists: {', '.join(sorted(sources))}.", "role")
        if sources == {Source.IDENTITY.value} and not case.integration.has_mode:
            fix = _mode_fix(case.integration)
        yield rules.ROLE_REFUSED.finding(
            arn,
            f"{case.integration.appliance.arn} is refused {', '.join(missing)} on {arn}: {'; '.join(reasons)}.",
            fix,
        )
    elif set(missing) <= FOR_EBS:
        sentence = (
            f"The key policy of {arn} gives the appliance no {' and no '.join(missing)}, so EC2 can't create a volume "
            "from an encrypted snapshot or attach it."
        )
        yield rules.EBS.finding(arn, sentence, case.policy_fix)
    elif len(case.key.missing) == len(APPLIANCE_ACTIONS):
        tagged = " The tag PlerionAccess = Granted has no effect there." if case.tag == "granted" else ""
        yield rules.NOT_DELEGATING.finding(
            arn,
            f"The key policy of {arn} neither delegates to the account nor names the appliance.{tagged}",
            case.policy_fix,
        )
    else:
        sentence = f"The key policy of {arn} gives the appliance only a part: {', '.join(missing)} is missing."
        yield rules.PARTLY.finding(arn, sentence, case.policy_fix)


def _mode_fix(integration: Integration) -> Fix:
    document = mode_policy(integration.mode, _partition(integration.appliance.arn))
    return Fix(
        f"Give the appliance role the statement of the mode {integration.mode}.",
        "role",
        command=put_role_policy(integration.appliance.arn, "PlerionKmsCmkAccess", document),
        terraform=f'module "plerion_kms" {{\n  kms_key_access_mode = "{integration.mode}"\n}}',
    )


def _denied(case: Case, role: str) -> dict[str, str]:
    """The actions that a Deny of the key policy refuses the role, with the statement: no other statement opens them."""
    return {
        action: given.statement
        for answers in case.key.roles
        if answers.role == role
        for action, given in answers.actions
        if given.outcome is Outcome.REFUSED and given.source == Source.KEY_POLICY.value and given.statement
    }


def _denying(denied: Mapping[str, str]) -> str:
    return f"It is denied by {', '.join(dict.fromkeys(repr(name) for name in denied.values()))} of the key policy."


def _sources(case: Case, role: str, actions: Sequence[str]) -> set[str]:
    """The policies that refuse the role these actions."""
    return {
        given.source
        for answers in case.key.roles
        if answers.role == role
        for action, given in answers.actions
        if action in actions and given.outcome is not Outcome.ALLOWED
    }


def _tag_value(case: Case) -> Iterator[Finding]:
    if case.tag and case.tag not in ("granted", "denied"):
        fix = Fix(
            "Tag the key Granted or Denied, or remove the tag.",
            "tag",
            command=f"aws kms untag-resource {case.key_options} --tag-keys {tag_name(case.saved.tags)}",
        )
        yield rules.TAG_VALUE.finding(
            case.key.arn, f"{case.key.arn} is tagged PlerionAccess = {case.key.tag}, which neither mode looks for.", fix
        )


def _tag_without_effect(case: Case) -> Iterator[Finding]:
    answers = next((found for found in case.key.roles if found.role == "appliance"), None)
    if case.tag != "denied" or answers is None:
        return
    by_policy = [
        action
        for action, given in answers.actions
        if given.outcome is Outcome.ALLOWED and given.source != Source.GRANT.value
    ]
    if not by_policy:
        return
    if any(is_ours(statement) for statement in plerion_statements(case.text)):
        fix = case.removal_fix
    else:
        binding = tag_is_binding(case.integration.mode, _partition(case.integration.appliance.arn))
        document = json.dumps({"Version": "2012-10-17", "Statement": [binding]})
        fix = Fix(
            "Deny by the tag in the appliance role's policy.",
            "role",
            command=put_role_policy(case.integration.appliance.arn, "PlerionKmsTagIsBinding", document),
            terraform='module "plerion_kms" {\n  tag_is_binding = true\n}',
        )
    yield rules.TAG_WITHOUT_EFFECT.finding(
        case.key.arn,
        f"{case.key.arn} is tagged PlerionAccess = {case.key.tag}, and still the appliance is allowed "
        f"{', '.join(by_policy)}: the key policy names it, and nothing denies.",
        fix,
    )


def _form(case: Case) -> Iterator[Finding]:
    arn, account = case.key.arn, case.integration.account
    expected = {RESOURCE_ACCOUNT, account} if case.same_account else {account}
    statements = plerion_statements(case.text)
    wrong = [s for s in statements if principal_accounts(s) and not principal_accounts(s) & expected]
    if wrong:
        sids = ", ".join(repr(statement.get("Sid", "without a Sid")) for statement in wrong)
        found = ", ".join(sorted(set().union(*(principal_accounts(statement) for statement in wrong))))
        sentence = (
            f"{arn} has Plerion statements for aws:PrincipalAccount = {found} ({sids}), which is not the integration's "
            f"account {account}: they give it nothing."
        )
        by_hand = Fix("Remove the statements for the other account from the key policy.", "owner")
        yield rules.WRONG_FORM.finding(arn, sentence, _statements_fix(case) if all(map(is_ours, wrong)) else by_hand)
    with_variable = any(RESOURCE_ACCOUNT in principal_accounts(statement) for statement in statements)
    if with_variable and version_of(case.text) != "2012-10-17":
        sentence = (
            f"The key policy of {arn} has the Version {version_of(case.text)}, under which {RESOURCE_ACCOUNT} is plain "
            "text: the Plerion statements give nothing."
        )
        yield rules.OLD_VERSION.finding(arn, sentence, _statements_fix(case))


def _grants(case: Case) -> Iterator[Finding]:
    if case.tag != "denied":
        return
    role = case.integration.appliance.arn
    session = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    prefix = f"{session.split('/')[0]}/{role.rpartition('/')[2]}/"
    grants = [
        grant.grant_id for grant in case.saved.grants or () if grant.grantee == role or grant.grantee.startswith(prefix)
    ]
    if grants:
        fix = Fix(
            "Revoke the appliance's grants.",
            "grant",
            command="\n".join(f"aws kms revoke-grant {case.key_options} --grant-id {grant}" for grant in grants),
        )
        yield rules.LIVE_GRANTS.finding(
            case.key.arn,
            f"{case.key.arn} is tagged PlerionAccess = {case.key.tag}, and the appliance still holds the grants "
            f"{', '.join(grants)}: a grant outlives the tag.",
            fix,
        )


def _posing(case: Case) -> Iterator[Finding]:
    """A same-account statement that trusts the tag alone, where another role's session can carry that tag."""
    trusting = [
        statement
        for statement in plerion_statements(case.text)
        if principal_accounts(statement) & {RESOURCE_ACCOUNT, case.integration.account} and trusts_tag_alone(statement)
    ]
    if case.posing and trusting and case.same_account and case.integration.pinned:
        sentence = (
            f"{case.key.arn} trusts the tag PlerionApplianceRole = True alone, which sessions of these roles can "
            f"carry: {', '.join(case.posing)}."
        )
        yield rules.POSING.finding(case.key.arn, sentence, _statements_fix(case))


def _statements_fix(case: Case) -> Fix:
    """What to do with Plerion statements that are wrong: nothing is opened on a key that its tag closes."""
    return case.removal_fix if case.tag == "denied" else case.policy_fix


def _partition(arn: str) -> str:
    return arn.split(":")[1]
