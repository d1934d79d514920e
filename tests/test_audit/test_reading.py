"""What AWS refuses is one problem with one line; the rest is read, and nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config

from plerion_kms.audit import calls, cli
from plerion_kms.audit.assess import Options, assess
from plerion_kms.audit.collect import Target, read
from plerion_kms.audit.snapshot import Snapshot
from test_audit.account import ACCOUNT, REGION
from test_audit.aws import Aws, Failing

NOT_ENABLED = "af-south-1"


def snapshot_of(aws: Aws, *regions: str) -> Snapshot:
    """The account, read by four threads."""
    return read(
        aws.session(),
        [Target("")],
        regions or [REGION],
        threads=4,
        organization=False,
        progress=lambda *_: None,
    )


def on(operation: str, code: str, key: str = "", status: int = 400) -> Failing:
    """Fail one operation, on one key or everywhere."""
    return lambda name, _, members: (
        (status, code) if name == operation and (not key or str(members.get("KeyId", "")).endswith(key)) else None
    )


FAILURES = [
    # name, what fails, verdicts of the three keys, sentences
    ("nothing", lambda *_: None, ["open", "open", "open"], []),
    (
        "AccessDenied on one key's policy",
        on("GetKeyPolicy", "AccessDeniedException", "/1"),
        ["open", "unreadable", "open"],
        ["a key that does not delegate must name them in its own policy"],
    ),
    (
        "AccessDenied on one key",
        on("DescribeKey", "AccessDeniedException", "/1"),
        ["open", "unreadable", "open"],
        ["'plerion-kms audit --policy' prints what they need"],
    ),
    (
        "one key deleted meanwhile",
        on("DescribeKey", "NotFoundException", "/1"),
        ["open", "open"],
        ["it was deleted while the audit read it"],
    ),
    (
        "one key deleted between two calls",
        on("ListResourceTags", "NotFoundException", "/1"),
        ["open", "open"],
        ["it was deleted while the audit read it"],
    ),
    (
        "tags of one key",
        on("ListResourceTags", "AccessDeniedException", "/2"),
        ["open", "open", "unreadable"],
        ["kms:ListResourceTags"],
    ),
    (
        "grants of one key",
        on("ListGrants", "AccessDeniedException", "/2"),
        ["open", "open", "open"],
        ["kms:ListGrants"],
    ),
    ("key list", on("ListKeys", "AccessDeniedException"), [], ["kms:ListKeys"]),
    ("aliases", on("ListAliases", "AccessDeniedException"), ["open", "open", "open"], ["kms:ListAliases"]),
    (
        "roles",
        on("GetAccountAuthorizationDetails", "AccessDenied"),
        ["unreadable"] * 3,
        ["iam:GetAccountAuthorizationDetails"],
    ),
    (
        "throttled to the end",
        on("GetKeyPolicy", "ThrottlingException", "/1"),
        ["open", "unreadable", "open"],
        ["repeat with fewer --threads"],
    ),
]


@pytest.mark.parametrize(
    ("failing", "verdicts", "sentences"), [pytest.param(*row[1:], id=str(row[0])) for row in FAILURES]
)
def test_the_rest_is_complete(
    failing: Failing, verdicts: list[str], sentences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    once = calls.client_config(4).merge(Config(retries={"total_max_attempts": 1}))
    monkeypatch.setattr("plerion_kms.audit.collect.client_config", lambda _: once)
    report = assess(snapshot_of(Aws(failing=failing)), Options())
    assert [key.verdict.value for key in report.keys] == verdicts
    assert len(report.unread) == len(sentences)
    for unread, sentence in zip(report.unread, sentences, strict=True):
        assert sentence in unread.sentence
        assert "\n" not in unread.sentence


def test_credentials_that_expire_half_way_give_one_line_and_no_further_call() -> None:
    aws = Aws(keys=30)
    aws._failing = lambda name, *_: (400, "ExpiredTokenException") if aws.calls.count("DescribeKey") > 5 else None
    report = assess(snapshot_of(aws), Options())
    assert len([unread for unread in report.unread if "log in again" in unread.sentence]) == 1
    assert len(report.keys) == 30
    assert {key.verdict.value for key in report.keys} == {"open", "unreadable"}
    assert aws.calls.count("DescribeKey") < 12


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"])
def test_credentials_that_are_refused_at_the_start_are_one_line(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = Aws(failing=on("GetCallerIdentity", code, status=403))
    session = aws.session()
    monkeypatch.setattr("boto3.Session", lambda **_: session)
    assert cli.main(["audit"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.strip().splitlines()
    assert line.startswith(f"AWS can't be asked with these credentials ({code}: no): log in")
    assert aws.calls == ["GetCallerIdentity"]


@pytest.mark.ci
def test_throttled_calls_are_repeated_by_botocores_adaptive_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    aws = Aws(keys=1)
    aws._failing = lambda name, *_: (
        (400, "ThrottlingException") if name == "GetKeyPolicy" and aws.calls.count(name) < 3 else None
    )
    config: Any = calls.client_config(1)
    assert config.retries["mode"] == "adaptive"
    report = assess(snapshot_of(aws), Options())
    assert [key.verdict.value for key in report.keys] == ["open"]
    assert report.unread == ()
    assert aws.calls.count("GetKeyPolicy") == 3


def test_a_region_that_is_not_enabled_ends_itself_alone() -> None:
    aws = Aws(failing=lambda _, region, __: (400, "UnrecognizedClientException") if region == NOT_ENABLED else None)
    report = assess(snapshot_of(aws, NOT_ENABLED, REGION), Options())
    assert [key.verdict.value for key in report.keys] == ["open"] * 3
    (unread,) = report.unread
    assert unread.region == NOT_ENABLED
    assert "leave the Region out" in unread.sentence


def test_a_key_takes_four_calls() -> None:
    aws = Aws(keys=10)
    snapshot_of(aws)
    assert len(aws.calls) == 10 * 4 + len(("GetCallerIdentity", "Details", "ListKeys", "ListAliases"))


def test_an_account_that_cannot_be_entered_leaves_the_others_complete() -> None:
    aws = Aws(failing=on("AssumeRole", "AccessDenied", status=403))
    targets = [Target(""), Target("444455556666", role="PlerionKmsAudit")]
    snapshot = read(aws.session(), targets, [REGION], threads=4, organization=False, progress=lambda *_: None)
    report = assess(snapshot, Options())
    assert [key.verdict.value for key in report.keys] == ["open"] * 3
    (unread,) = report.unread
    assert unread.account == "444455556666"
    assert "sts:AssumeRole of arn:aws:iam::444455556666:role/PlerionKmsAudit failed (AccessDenied)" in unread.sentence


def test_an_unread_organization_is_said_and_not_guessed() -> None:
    aws = Aws(failing=on("DescribeOrganization", "AWSOrganizationsNotInUseException"))
    snapshot = read(aws.session(), [Target("")], [REGION], threads=4, organization=True, progress=lambda *_: None)
    report = assess(snapshot, Options())
    assert [key.verdict.value for key in report.keys] == ["open"] * 3
    assert ["organizations:DescribeOrganization" in unread.sentence for unread in report.unread] == [True]
    start = f"Service and resource control policies of {ACCOUNT} were not read"
    assert any(note.startswith(start) for note in report.not_considered)
