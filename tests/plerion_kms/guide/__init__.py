"""The policy statements of Plerion's guide, read from the JSON documents in this folder."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

INTEGRATION_ACCOUNT = "<AWS_INTEGRATION_ACCOUNT>"


def mode_statement(mode: str) -> dict[str, Any]:
    """`PlerionKmsCmkAccess` of `ALL_KEYS` or `SELECTED_KEYS`."""
    return _statement(mode.lower().replace("_", "-"))


def same_account_additions() -> list[dict[str, Any]]:
    """The two key-policy statements for a key in the account of the integration."""
    return [_statement("same-account-appliance"), _statement("same-account-access")]


def cross_account_additions(integration_account: str) -> list[dict[str, Any]]:
    """The two key-policy statements for a key in another account."""
    return [_statement(name, integration_account) for name in ("cross-account-appliance", "cross-account-access")]


def _statement(name: str, integration_account: str = INTEGRATION_ACCOUNT) -> dict[str, Any]:
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    statement: dict[str, Any] = json.loads(text.replace(INTEGRATION_ACCOUNT, integration_account))
    return statement
