"""Which findings each kind of key and role has, by id; and that following the advice ends them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.key_statements import additions, merged
from plerion_kms.audit.snapshot import SavedGrant
from plerion_kms.guide import cross_account_additions, mode_statement, same_account_additions
from test_audit.account import ACCESS, ACCOUNT, APPLIANCE, OTHER, World, allow, deny, document

ALL, SELECTED = document(mode_statement("ALL_KEYS")), document(mode_statement("SELECTED_KEYS"))
APPLIANCE_ROLE = {"arn": APPLIANCE, "tags": {"PlerionApplianceRole": "True"}, "inline": {"mode": ALL}}
READS_KEYS = {"Effect": "Allow", "Action": ["kms:Describe*", "kms:List*", "kms:Get*"], "Resource": "*"}
ACCESS_ROLE = {"arn": ACCESS, "tags": {"RolePurpose": "PlerionAccess"}, "inline": {"metadata": document(READS_KEYS)}}
APP = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}
ISOLATED = document(allow(principal=APP))
GRANT = SavedGrant("g1", APPLIANCE, ("Decrypt",), ACCOUNT)
PLERION = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::588158338731:root"}}
SESSION_TAGS = {"Effect": "Allow", "Action": "sts:TagSession", "Principal": {"AWS": "*"}}
APP_ROLE = {"arn": f"arn:aws:iam::{ACCOUNT}:role/app"}
TAGS_ITSELF = document({"Effect": "Allow", "Action": "iam:TagRole", "Resource": "*"})
BOTH = (APPLIANCE_ROLE, ACCESS_ROLE)


def external_id(operator: str, value: str) -> World:
    """An access role whose trust asks for the external id in some way."""
    trust = document({**PLERION, "Condition": {operator: {"sts:ExternalId": value}}})
    return World(roles=(APPLIANCE_ROLE, {**ACCESS_ROLE, "trust": trust}))


FINDINGS = [
    ("all is well", World(roles=BOTH), set()),
    ("isolated", World(ISOLATED, roles=BOTH), {"01", "02"}),
    ("isolated and closed by tag", World(ISOLATED, {"PlerionAccess": "Denied"}, BOTH), set()),
    ("guide's additions alone", World(document(allow(principal=APP), *same_account_additions()), roles=BOTH), {"04"}),
    ("delegates in part", World(document(allow(["kms:Decrypt", "kms:Describe*", "kms:List*", "kms:Get*"])), roles=BOTH),
     {"03"}),
    ("Deny of CreateGrant", World(document(allow(), deny("kms:CreateGrant")), roles=BOTH), {"03"}),
    ("Deny of volumes", World(document(allow(), deny("kms:GenerateDataKeyWithoutPlaintext")), roles=BOTH), {"03"}),
    ("tag without effect", World(document(allow(), *same_account_additions()), {"PlerionAccess": "Denied"}, BOTH),
     {"05"}),
    ("another account's form", World(document(allow(), *cross_account_additions(OTHER)), roles=BOTH), {"06"}),
    ("old version", World(document(allow(), *same_account_additions(), version="2008-10-17"), roles=BOTH), {"07"}),
    ("two modes", World(roles=({**APPLIANCE_ROLE, "inline": {"a": ALL, "b": SELECTED}}, ACCESS_ROLE)), {"08"}),
    ("session tags", World(document(allow(), *same_account_additions()),
                           roles=(*BOTH, {**APP_ROLE, "trust": document(SESSION_TAGS)})), {"09"}),
    ("tags itself", World(document(allow(), *same_account_additions()),
                          roles=(*BOTH, {**APP_ROLE, "inline": {"tag": TAGS_ITSELF}})), {"09"}),
    ("grant on a Denied key", World(tags={"PlerionAccess": "Denied"}, roles=BOTH, grants=(GRANT,)), {"10"}),
    ("no external id", World(roles=(APPLIANCE_ROLE, {**ACCESS_ROLE, "trust": document(PLERION)})), {"11"}),
    ("external id", external_id("StringEquals", "x"), set()),
    ("any external id", external_id("StringLike", "*"), {"11"}),
    ("every other external id", external_id("StringNotEquals", "x"), {"11"}),
    ("external id if there is one", external_id("StringEqualsIfExists", "x"), {"11"}),
    ("value of no mode", World(tags={"PlerionAccess": "yes"}, roles=BOTH), {"12"}),
    ("appliance without tag", World(roles=({**APPLIANCE_ROLE, "tags": {}}, ACCESS_ROLE)), {"13"}),
    ("tag in other letters", World(roles=({**APPLIANCE_ROLE, "tags": {"plerionAPPLIANCErole": "True"}}, ACCESS_ROLE)),
     set()),
    ("tag with another value", World(roles=({**APPLIANCE_ROLE, "tags": {"PlerionApplianceRole": "true"}}, ACCESS_ROLE)),
     {"13"}),
    ("access role without tag", World(roles=(APPLIANCE_ROLE, {**ACCESS_ROLE, "tags": {}})), {"13"}),
    ("no mode statement", World(roles=({**APPLIANCE_ROLE, "inline": {}}, ACCESS_ROLE)), {"14"}),
    ("owned by a stack", World(ISOLATED, {"aws:cloudformation:stack-name": "a"}, BOTH), {"01", "02", "18"}),
    ("owned by a stack, and nothing to do", World(tags={"aws:cloudformation:stack-name": "a"}, roles=BOTH), set()),
    ("not readable", World("{", roles=BOTH), {"17"}),
]  # fmt: skip


@pytest.mark.parametrize(("world", "rules"), [pytest.param(w, r, id=str(name)) for name, w, r in FINDINGS])
def test_findings(world: World, rules: set[str]) -> None:
    report = assess(world.snapshot(), Options())
    assert {finding.rule.removeprefix("PLERION_KMS_") for finding in report.findings} == rules


def test_each_accounts_trust_is_looked_at() -> None:
    """Also that of an account whose keys are used from another one."""
    world = World(document(allow(), *cross_account_additions(OTHER)), roles=[
        {"arn": f"arn:aws:iam::{ACCOUNT}:role/Old", "trust": document(PLERION)}
    ]).snapshot()  # fmt: skip
    home = World(roles=()).snapshot().accounts[0]
    snapshot = replace(world, accounts=(*world.accounts, replace(home, account=OTHER, regions=())))
    findings = assess(snapshot, Options(integration_account=OTHER)).findings
    assert [finding.subject for finding in findings if finding.rule == "PLERION_KMS_11"] == [
        f"arn:aws:iam::{ACCOUNT}:role/Old"
    ]


def test_missing_permission_is_worded_as_in_the_guide() -> None:
    report = assess(World(ISOLATED, roles=BOTH).snapshot(), Options())
    (finding,) = [finding for finding in report.findings if finding.rule == "PLERION_KMS_01"]
    assert finding.sentence.startswith(
        "[Error MissingPermission] PlerionAccessRole is missing kms:DescribeKey permission when accessing key "
        f"{finding.subject}"
    )


@pytest.mark.parametrize("world", [World(ISOLATED, roles=BOTH), World(document(allow(["kms:Decrypt"])), roles=BOTH)])
def test_the_statements_of_the_advice_end_the_findings(world: World) -> None:
    fixed = merged(world.policy, additions(ACCOUNT, ACCOUNT, (APPLIANCE, ACCESS)))
    assert json.loads(fixed)["Version"] == "2012-10-17"
    assert assess(World(fixed, roles=BOTH).snapshot(), Options()).findings == ()
