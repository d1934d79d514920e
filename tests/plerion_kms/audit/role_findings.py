"""Findings about roles: the two of Plerion's, and others that can pass for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plerion_kms.audit import rules
from plerion_kms.audit.iam_commands import ask_external_id, keep_one_mode, tag_role
from plerion_kms.audit.key_statements import statements_of
from plerion_kms.audit.mode_statements import mode_of
from plerion_kms.audit.report import Finding, Fix
from plerion_kms.audit.roles import (
    ACCESS_TAG,
    APPLIANCE_TAG,
    Integration,
    caller_of,
    has_tag,
)
from plerion_kms.audit.snapshot import SavedAccount, SavedRole, Snapshot
from plerion_kms.authorization.actions import compile_actions
from plerion_kms.authorization.engine import authorize_caller_side
from plerion_kms.authorization.grammar import as_list
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import ContextValue, Request, Resource

PLERION_ACCOUNT = "588158338731"


def modes_of(role: SavedRole, account: SavedAccount, snapshot: Snapshot) -> list[str]:
    """The modes of the statements that the role has. A Deny is no mode."""
    digests = (*role.inline.values(), *(account.managed.get(arn, "") for arn in role.attached))
    modes = [
        mode_of(statement)
        for digest in digests
        for statement in statements_of(snapshot.policies.get(digest, "")) or ()
        if statement.get("Effect") == "Allow"
    ]
    return list(dict.fromkeys(mode for mode in modes if mode))


def role_findings(integration: Integration, account: SavedAccount, snapshot: Snapshot) -> Iterator[Finding]:
    """The findings about the two roles of one account."""
    for role, (tag, value) in ((integration.appliance, APPLIANCE_TAG), (integration.access, ACCESS_TAG)):
        if role.saved is None:
            continue
        if not has_tag(role.saved, tag, value):
            fix = Fix(
                f"Tag the role {tag} = {value}.",
                "role",
                command=tag_role(role.arn, tag, value),
            )
            yield rules.ROLE_TAG.finding(
                role.arn, f"{role.arn} lacks the tag {tag} = {value}, by which key policies know it.", fix
            )
    if integration.appliance.saved is not None:
        modes = modes_of(integration.appliance.saved, account, snapshot)
        if len(modes) > 1:
            fix = Fix(
                "Remove the statement of the mode that you don't want.",
                "role",
                command=keep_one_mode(integration.appliance.saved, account, snapshot),
            )
            sentence = f"{integration.appliance.arn} has the statements of both modes: it gets the access of both."
            yield rules.TWO_MODES.finding(integration.appliance.arn, sentence, fix)


def trust_findings(account: SavedAccount, snapshot: Snapshot) -> Iterator[Finding]:
    """The findings about whom the roles of one account trust."""
    for role in account.roles or ():
        trust = snapshot.policies.get(role.trust, "")
        open_to_plerion = [
            statement
            for statement in statements_of(trust) or ()
            if statement.get("Effect") == "Allow" and _trusts_plerion(statement) and not _asks_external_id(statement)
        ]
        if open_to_plerion:
            fix = Fix(
                "Make the trust policy ask for the external id of the integration.",
                "role",
                command=ask_external_id(role, trust, open_to_plerion),
                terraform='module "plerion_kms" {\n  external_id = "..." # Plerion shows it\n}',
            )
            yield rules.NO_EXTERNAL_ID.finding(
                role.arn,
                f"{role.arn} trusts Plerion's account {PLERION_ACCOUNT} without sts:ExternalId: another "
                "customer of Plerion's could have it assumed.",
                fix,
            )


def posing_roles(integration: Integration, account: SavedAccount, snapshot: Snapshot) -> tuple[str, ...]:
    """Other roles whose sessions can carry the appliance's tag, each with the reason.

    A role that may put key policies needs no such detour, so it is left out.
    """
    own = {integration.appliance.arn, integration.access.arn}
    posing = []
    for role in account.roles or ():
        if role.arn in own or _may(
            role, account, snapshot, "kms:PutKeyPolicy", f"arn:{account.partition}:kms:*:{account.account}:key/*"
        ):
            continue
        if _trusts_with_tags(snapshot.policies.get(role.trust, "")):
            posing.append(f"{role.arn} (its trust policy allows sts:TagSession)")
        elif _may(role, account, snapshot, "iam:TagRole", role.arn):
            posing.append(f"{role.arn} (it may tag itself)")
    return tuple(posing)


def _may(role: SavedRole, account: SavedAccount, snapshot: Snapshot, action: str, resource: str) -> bool:
    """Whether the role's own policies allow it, a tag that poses as the appliance's included."""
    caller = caller_of(role, account, snapshot)
    tag, value = APPLIANCE_TAG
    context: dict[str, ContextValue] = {}
    if action == "iam:TagRole":
        context = {f"aws:RequestTag/{tag}": value, "aws:TagKeys": (tag,)}
    request = Request(caller.principal, action, Resource(resource, account.account, {}), context)
    policies = Policies(identity=caller.identity, boundary=caller.boundary, service_control=caller.service_control)
    return authorize_caller_side(request, policies).allowed


def _trusts_with_tags(trust: str) -> bool:
    for statement in statements_of(trust) or ():
        listed = as_list(statement.get("Action", []))
        if statement.get("Effect") == "Allow" and compile_actions(listed, complement=False).match("sts:tagsession"):
            return True
    return False


def _trusts_plerion(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    given = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return any(
        isinstance(text, str) and (text == PLERION_ACCOUNT or f"::{PLERION_ACCOUNT}:" in text)
        for text in as_list(given)
    )


def _asks_external_id(statement: Mapping[str, Any]) -> bool:
    condition = statement.get("Condition")
    return isinstance(condition, dict) and any(
        key.lower() == "sts:externalid" and value not in ("*", ["*"])
        for operator, operands in condition.items()
        if operator.lower() in ("stringequals", "stringequalsignorecase", "stringlike") and isinstance(operands, dict)
        for key, value in operands.items()
    )
