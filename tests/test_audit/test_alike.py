"""Keys that are decided once: no decision may differ from the one that the key would get by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plerion_kms.audit import assess as assessing
from plerion_kms.audit.alike import Alike
from plerion_kms.audit.report import Report
from plerion_kms.audit.snapshot import SavedGrant, SavedKey, Snapshot
from plerion_kms.guide import same_account_additions

from .snapshots import ACCOUNT, Made

KEY = SavedKey(
    "arn:aws:kms:us-east-1:111122223333:key/a", tags={"Team": "a", "PlerionAccess": "x"}, aliases=("alias/a",)
)
ELSEWHERE = replace(KEY, arn="arn:aws:kms:eu-west-1:111122223333:key/a")
OTHER_ID = replace(KEY, arn="arn:aws:kms:us-east-1:111122223333:key/b")
OTHER_TEAM = replace(KEY, tags={"Team": "b", "PlerionAccess": "x"})
OTHER_ALIAS = replace(KEY, aliases=("alias/b",))
OTHER_SPEC = replace(KEY, spec="HMAC_256")
GRANTED = replace(KEY, grants=(SavedGrant("g", "arn", ("Decrypt",), ACCOUNT, equals={"a": "b"}),))


@pytest.mark.parametrize(
    ("policy", "other", "alike"),
    [
        ('{"Resource": "*"}', OTHER_ID, True),
        ('{"Resource": "*"}', ELSEWHERE, True),
        ('{"Resource": "*"}', OTHER_TEAM, True),
        ('{"Resource": "*"}', OTHER_ALIAS, True),
        ('{"Resource": "*"}', OTHER_SPEC, False),
        ('{"Resource": "*"}', GRANTED, False),
        ('{"Resource": "arn:aws:kms:*:*:key/*"}', ELSEWHERE, True),
        ('{"Resource": "arn:aws:kms:us-east-1:*:key/*"}', ELSEWHERE, False),
        ('{"Resource": "arn:aws:kms:*:*:key/a"}', OTHER_ID, False),
        ('{"Resource": "arn:aws:kms:*:*:key\\\\u002fa"}', OTHER_ID, False),
        ('{"Condition": {"StringEquals": {"AWS:resourcetag/TEAM": "a"}}}', OTHER_TEAM, False),
        ('{"Condition": {"StringEquals": {"a": "${aws:ResourceTag/Team}"}}}', OTHER_TEAM, False),
        ('{"Condition": {"StringEquals": {"aws:ResourceTag/\\\\u0054eam": "a"}}}', OTHER_TEAM, False),
        ('{"Condition": {"StringEquals": {"aws:ResourceTag/Other": "a"}}}', OTHER_TEAM, True),
        ('{"Condition": {"StringLike": {"kms:ResourceAliases": "alias/a"}}}', OTHER_ALIAS, False),
        ('{"Condition": {"StringLike": {"kms:ViaService": "ec2.us-*"}}}', ELSEWHERE, False),
        ('{"Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}', ELSEWHERE, False),
        ("not JSON", OTHER_ID, False),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_what_a_policy_looks_at(policy: str, other: SavedKey, alike: bool, own: bool) -> None:
    policy = policy.replace("\\\\", "\\")
    compared = Alike([] if own else [policy])
    text = policy if own else "{}"
    assert (compared.of(KEY, text) == compared.of(other, text)) == alike


def test_the_report_is_that_of_keys_decided_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = _snapshot()
    together = assessing.assess(snapshot, assessing.Options())
    monkeypatch.setattr(Alike, "of", lambda _, key, policy: (key.arn, policy))
    assert _comparable(assessing.assess(snapshot, assessing.Options())) == _comparable(together)


def _comparable(report: Report) -> Report:
    return replace(report, policies={})


def _snapshot() -> Snapshot:
    made = Made()
    by_tag = {
        "Condition": {"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}", "aws:ResourceTag/x": "1"}}
    }
    via = {"Condition": {"StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"}}}
    policies: list[list[dict[str, Any]]] = [
        [made.root()],
        [made.administration(), *same_account_additions()],
        [{**made.root(), **by_tag}],
        [{**made.root(), **via}],
        [{**made.root(), "Resource": "arn:aws:kms:us-east-1:*:key/*"}],
    ]
    for number in range(120):
        made.key(
            policies[number % len(policies)],
            region=("us-east-1", "eu-west-1")[number % 2],
            aliases=(f"alias/{number}",),
            tags=({}, {"x": "1"}, {"PlerionAccess": "Denied"}, {"PlerionAccess": "granted", "x": "2"})[number % 4],
        )
    return made.snapshot()
