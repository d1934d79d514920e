"""Started in place of the emulator's launcher: the same emulator, in which a test can break something.

A test sends the name of a function of this module and its arguments over a local connection, whose port stands in the
file `faults` of the emulator's folder. Nothing of this is in the emulator itself.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing.connection import Listener
from pathlib import Path
from threading import Thread
from typing import Any

KEY = b"faults"
BROKEN: dict[str, str] = {}
"""Accounts whose callers' decisions go wrong, and how."""


# What can be broken


def decisions(account: str, how: str) -> None:
    """From now on every decision about callers of the account goes wrong: see `_break_decisions`."""
    BROKEN[account] = how


def role_without_policy_document(account: str, role: str) -> None:
    """The role names a managed policy that is not there."""
    _role(account, role).attached_policy_arns.append(f"arn:aws:iam::{account}:policy/Gone")


def role_with_document(account: str, role: str, document: Any) -> None:
    """The role has this inline policy, unchecked."""
    _role(account, role).inline_policies["broken"] = document


def managed_policy_without_default_version(account: str, arn: str) -> None:
    """The managed policy has lost its default version."""
    _iam(account).MANAGED_POLICIES[arn].versions.clear()


def role_without(account: str, role: str, member: str) -> None:
    """The role's entry lacks a member."""
    del _role(account, role).role[member]


def role_with_missing_boundary(account: str, role: str) -> None:
    """The role has a permissions boundary that is not there."""
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": f"arn:aws:iam::{account}:policy/Gone"}
    _role(account, role).role["PermissionsBoundary"] = boundary


def role_with_trust(account: str, role: str, document: Any) -> None:
    """The role has this trust policy, unchecked."""
    _role(account, role).role["AssumeRolePolicyDocument"] = document


def user_gone(account: str, user: str) -> None:
    """The user's entry is gone, its access keys are still in the index."""
    del _iam(account).USERS[user]


def key_with_policy(account: str, key_id: str, document: Any) -> None:
    """The key has this key policy, unchecked."""
    _kms(account).keys[key_id].policy = document


def key_without(account: str, key_id: str, member: str) -> None:
    """The key's metadata lack a member."""
    del _kms(account).keys[key_id].metadata[member]


def alias_to_nowhere(account: str, alias: str) -> None:
    """The alias's key is gone."""
    _kms(account).aliases[alias].metadata["TargetKeyId"] = "11111111-2222-4333-8444-555555555555"


def grants_without(account: str, member: str) -> None:
    """The account's grants lack a member."""
    for grant in _kms(account).grants.values():
        del grant.metadata[member]


def session_changed(access_key: str, **members: Any) -> None:
    """The session of the access key has other members; `expires` is a number of seconds since 1970."""
    from emulator import sessions

    if "expires" in members:
        members["expires"] = datetime.fromtimestamp(members["expires"], UTC)
    sessions.remember(replace(sessions._sessions[access_key], **members))


# How


def _iam(account: str) -> Any:
    from emulator import identities

    return identities.store(account)


def _role(account: str, role: str) -> Any:
    return _iam(account).ROLES[role]


def _kms(account: str) -> Any:
    from emulator import keys

    return keys.store(account, "us-east-1")


def _break_decisions() -> None:
    """Put switches into the decision's way: in front of it, inside it, and behind it."""
    engine: Any = import_module("authorization.engine")
    decisions: Any = import_module("authorization.decision")
    gateway: Any = import_module("emulator.gateway")

    def how(account: str) -> str:
        return BROKEN.get(account, "")

    def guarded(authorize: Any) -> Any:
        def decide(call: Any) -> Any:
            failing = how(call.account)
            if failing == "raises":
                raise RuntimeError("broken by a test")
            if failing == "exits":
                raise SystemExit
            if failing == "recurses":
                return decide(call)
            if failing == "answers nothing":
                return None
            if failing == "answers yes":
                return True
            decision = authorize(call)
            without = decisions.Decision(decision.allowed, decision.source, decision.reason)
            return without if failing == "refuses without an error" else decision

        return decide

    for name, service in list(gateway.SERVICES.items()):
        gateway.SERVICES[name] = replace(service, authorize=guarded(service.authorize))

    read, explain = engine.read_policies, gateway.explain

    def reading(source: Any, policies: Any, asked: Any) -> Any:
        if how(asked.request.principal.account) == "raises inside":
            raise RuntimeError("broken by a test")
        return read(source, policies, asked)

    def explaining(decision: Any) -> str:
        if any("explanation breaks" in trace.statement for trace in decision.trace):
            raise RuntimeError("broken by a test")
        text: str = explain(decision)
        return text

    engine.read_policies = reading
    gateway.explain = explaining


def _serve() -> None:
    with Listener(("127.0.0.1", 0), authkey=KEY) as listener:
        Path("faults").write_text(str(listener.address[1]))
        while True:
            with listener.accept() as connection:
                name, arguments = connection.recv()
                try:
                    globals()[name](**arguments)
                    connection.send("")
                except Exception as error:
                    connection.send(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    from emulator import launcher

    Thread(target=_serve, daemon=True).start()
    _break_decisions()
    sys.exit(launcher.main())
