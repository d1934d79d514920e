"""The way to the emulator: by no proxy, whatever the environment names."""

from __future__ import annotations

import pytest

from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import Account

NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for everything but the company's own hosts."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOBODY_LISTENS)
        monkeypatch.setenv(name.lower(), NOBODY_LISTENS)
    monkeypatch.setenv("no_proxy", ".example.com")


@pytest.mark.usefixtures("proxies")
def test_calls_pass_the_proxy_by(cloud: EmulatedCloud) -> None:
    account = Account.make(cloud)
    assert account.root.client("sts").get_caller_identity()["Account"] == account.id


@pytest.mark.usefixtures("proxies")
def test_terraform_and_what_it_starts_pass_the_proxy_by(cloud: EmulatedCloud) -> None:
    environment = cloud.terraform_environment(Account.make(cloud).root.credentials, "us-east-1")
    assert environment["NO_PROXY"] == environment["no_proxy"] == ".example.com,127.0.0.1"


def test_without_a_proxy_the_emulator_alone_is_exempt(cloud: EmulatedCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "")
    environment = cloud.terraform_environment(Account.make(cloud).root.credentials, "us-east-1")
    assert environment["NO_PROXY"] == "127.0.0.1"
