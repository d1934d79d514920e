"""The verdict for each kind of key and account, written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.mode_statements import tag_is_binding
from plerion_kms.audit.report import Verdict
from plerion_kms.audit.snapshot import SavedAccount, SavedRole
from plerion_kms.guide import cross_account_additions, mode_statement, same_account_additions
from test_audit.account import ACCOUNT, APPLIANCE, OTHER, World, allow, deny, document

MODE = document(mode_statement("ALL_KEYS"))
TAGS = {"PlerionApplianceRole": "True"}
ROLE = {"arn": APPLIANCE, "tags": TAGS, "inline": {"mode": MODE}}
APP = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}
ISOLATED = document(allow(principal=APP))
WITH_ADDITIONS = document(allow(principal=APP), *same_account_additions())
FROM_OFFICE = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
FULL: dict[str, str] = {"full": document({"Effect": "Allow", "Action": "*", "Resource": "*"})}
IN_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}

BOUND = {**ROLE, "inline": {"mode": document(mode_statement("ALL_KEYS"), tag_is_binding("ALL_KEYS", "aws"))}}
BOUND_SELECTED = {
    **ROLE,
    "inline": {"mode": document(mode_statement("SELECTED_KEYS"), tag_is_binding("SELECTED_KEYS", "aws"))},
}
DENIED, GRANTED = {"PlerionAccess": "Denied"}, {"PlerionAccess": "Granted"}
CLOSED = {**FULL, "no": document({"Effect": "Deny", "Action": "kms:*", "Resource": "*"})}

VERDICTS = [
    ("delegates", World(), "open"),
    ("tagged Denied", World(tags={"PlerionAccess": "Denied"}), "closed by tag"),
    ("tagged denied in small letters", World(tags={"PlerionAccess": "denied"}), "closed by tag"),
    # The Deny by the tag decides, whatever the key policy gives.
    ("bound, delegates, Denied", World(tags=DENIED, roles=[BOUND]), "closed by tag"),
    ("bound, isolated, Denied", World(ISOLATED, DENIED, [BOUND]), "closed by tag"),
    ("bound, additions, Denied", World(WITH_ADDITIONS, DENIED, [BOUND]), "closed by tag"),
    ("bound, isolated, untagged", World(ISOLATED, roles=[BOUND]), "not delegating"),
    ("bound, delegates, untagged", World(roles=[BOUND]), "open"),
    ("bound in SELECTED_KEYS, delegates, untagged", World(roles=[BOUND_SELECTED]), "open once tagged"),
    ("bound in SELECTED_KEYS, isolated, untagged", World(ISOLATED, roles=[BOUND_SELECTED]), "not delegating"),
    ("bound in SELECTED_KEYS, additions, untagged", World(WITH_ADDITIONS, roles=[BOUND_SELECTED]), "partly"),
    ("bound in SELECTED_KEYS, delegates, Granted", World(tags=GRANTED, roles=[BOUND_SELECTED]), "open"),
    ("bound in SELECTED_KEYS, delegates, Denied", World(tags=DENIED, roles=[BOUND_SELECTED]), "closed by tag"),
    ("Denied, and a service control policy denies too", World(tags=DENIED, service_control=(CLOSED,)),
     "refused by another policy"),
    # The tag changes nothing there.
    ("isolated, Denied", World(ISOLATED, DENIED), "not delegating"),
    ("isolated", World(ISOLATED), "not delegating"),
    ("isolated and tagged Granted", World(ISOLATED, tags={"PlerionAccess": "Granted"}), "not delegating"),
    ("delegates in part", World(document(allow(["kms:Decrypt", "kms:DescribeKey"]))), "partly"),
    ("Deny of CreateGrant", World(document(allow(), deny("kms:CreateGrant"))), "partly"),
    ("no JSON", World("{"), "undecided"),
    ("disabled", World(key_members={"state": "Disabled"}), "unusable"),
    ("pending deletion", World(key_members={"state": "PendingDeletion"}), "unusable"),
    ("asymmetric", World(key_members={"spec": "RSA_2048", "usage": "SIGN_VERIFY"}), "unusable"),
    ("HMAC", World(key_members={"spec": "HMAC_256", "usage": "GENERATE_VERIFY_MAC"}), "unusable"),
    ("a replica", World(key_members={"multi_region_type": "REPLICA"}), "open"),
    ("managed by AWS", World(key_members={"manager": "AWS"}), "AWS managed"),
    ("not described", World(key_members={"state": None}), "unreadable"),
    ("policy unread", World(key_members={"policy": None}), "unreadable"),
    ("tags unread", World(tags=None), "unreadable"),
    ("roles unread", World(roles=None), "unreadable"),
    ("grants unread, and none is needed", World(grants=None), "open"),
    ("grants unread, and one could allow", World(ISOLATED, grants=None), "undecided"),
    ("attached policy unread", World(roles=[{**ROLE, "attached": ("arn:aws:iam::aws:policy/X",)}]), "undecided"),
    ("boundary unread", World(roles=[{**ROLE, "boundary": "arn:aws:iam::aws:policy/X"}]), "undecided"),
    ("role without mode", World(roles=[{"arn": APPLIANCE, "tags": TAGS}]), "refused by another policy"),
    (
        "service control policy denies",
        World(service_control=(CLOSED,)),
        "refused by another policy",
    ),
    (
        "Deny outside of the office",
        World(document(allow(), deny(Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))),
        "undecided",
    ),
    (
        "Deny outside of an endpoint",
        World(document(allow(), deny(Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}))),
        "undecided",
    ),
    ("delegates from the office", World(document(allow(Condition=FROM_OFFICE))), "undecided"),
    (
        "Deny without MFA",
        World(document(allow(), deny(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))),
        "undecided",
    ),
    (
        "Deny without MFA of deletion",
        World(
            document(
                allow(),
                deny("kms:ScheduleKeyDeletion", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
            )
        ),
        "open",
    ),
    (
        "delegates before a date",
        World(document(allow(Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}))),
        "undecided",
    ),
    ("two statements, one from the office", World(document(allow(), allow(Condition=FROM_OFFICE))), "open"),
    (
        "Deny of plain text",
        World(document(allow(), deny(Condition={"Bool": {"aws:SecureTransport": "false"}}))),
        "open",
    ),
    ("organization unknown", World(document(allow(Condition=IN_ORGANIZATION))), "undecided"),
    ("organization known", World(document(allow(Condition=IN_ORGANIZATION)), organization="o-abcdefghij"), "open"),
    (
        "another organization",
        World(document(allow(Condition=IN_ORGANIZATION)), organization="o-otherother"),
        "not delegating",
    ),
    ("delegates to another account", World(document(allow(principal={"AWS": OTHER}))), "not delegating"),
]  # fmt: skip


@pytest.mark.parametrize(("world", "verdict"), [pytest.param(w, v, id=name) for name, w, v in VERDICTS])
def test_verdict(world: World, verdict: str) -> None:
    (key,) = assess(world.snapshot(), Options()).keys
    assert key.verdict.value == verdict, key.reason


def test_selected_keys_open_once_tagged() -> None:
    for tags, verdict in (({}, Verdict.OPEN_ONCE_TAGGED), ({"PlerionAccess": "Granted"}, Verdict.OPEN)):
        (key,) = assess(World(tags=tags).snapshot(), Options(mode="SELECTED_KEYS")).keys
        assert key.verdict is verdict


CROSS = document(allow(principal=APP), *cross_account_additions(OTHER))
OF_ANOTHER_ACCOUNT = [
    # policy, tags, verdict for roles in another account
    (document(allow()), {}, "another account's"),
    (document(allow(principal={"AWS": f"arn:aws:iam::{OTHER}:root"})), {}, "open"),
    (document(allow(principal={"AWS": "*"})), {}, "open"),
    (ISOLATED, {}, "another account's"),
    (CROSS, {}, "partly"),
    (document(allow(), *cross_account_additions("777788889999")), {}, "another account's"),
    (document(allow(), *same_account_additions()), {}, "another account's"),
    (CROSS, DENIED, "closed by tag"),
    (document(allow()), DENIED, "another account's"),
]


@pytest.mark.parametrize(("policy", "tags", "verdict"), OF_ANOTHER_ACCOUNT)
def test_a_key_of_another_account_needs_both_sides(policy: str, tags: dict[str, str], verdict: str) -> None:
    snapshot = World(policy, tags).snapshot()
    texts = {**snapshot.policies, "0" * 64: MODE}
    home = SavedAccount(
        OTHER,
        roles=(SavedRole(f"arn:aws:iam::{OTHER}:role/PlerionApplianceRole", "A", "0" * 64, TAGS, {"mode": "0" * 64}),),
    )
    snapshot = replace(snapshot, accounts=(*snapshot.accounts, home), policies=texts)
    report = assess(snapshot, Options(integration_account=OTHER))
    (key,) = report.keys
    assert key.verdict.value == verdict, key.reason
    if verdict == "another account's":
        assert f"its key policy and the roles of {OTHER} must both allow" in key.reason
        fixes = [finding.fix.summary for finding in report.findings if finding.subject == key.arn]
        assert set(fixes) <= {"Add the Plerion statements (cross-account form) to the key policy."}
        assert bool(fixes) == (tags != DENIED)


def test_what_would_be_missing_once_tagged_is_named() -> None:
    (key,) = assess(World(document(allow(["kms:Decrypt"])), roles=[BOUND_SELECTED]).snapshot(), Options()).keys
    assert key.reason.startswith("Once the key is tagged PlerionAccess = Granted, the appliance role is missing")
    assert "kms:Decrypt" not in key.reason
    (key,) = assess(World(document(allow(["kms:Decrypt"])), DENIED, [BOUND]).snapshot(), Options()).keys
    assert "and without the tag kms:Encrypt" in key.reason


def test_undecided_names_the_condition_key() -> None:
    (key,) = assess(World(document(allow(Condition=FROM_OFFICE))).snapshot(), Options()).keys
    assert "aws:SourceIp" in key.reason


def test_missing_roles_are_not_said_of_unread_ones() -> None:
    assert not any("has no appliance role" in n for n in assess(World(roles=None).snapshot(), Options()).not_considered)
