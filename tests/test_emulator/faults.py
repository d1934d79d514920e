"""Started in place of the emulator's launcher: the same emulator, in which a test can break something.

A test sends the name of a function of this module and its arguments over a local connection, whose port is in the
file `faults` of the emulator's folder. Nothing of this is in the emulator itself.
"""

from __future__ import annotations

import hashlib
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
    """The role names a managed policy that does not exist."""
    _role(account, role).attached_policy_arns.append(f"arn:aws:iam::{account}:policy/Missing")


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
    """The role has a permissions boundary that does not exist."""
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": f"arn:aws:iam::{account}:policy/Missing"}
    _role(account, role).role["PermissionsBoundary"] = boundary


def role_with_trust(account: str, role: str, document: Any) -> None:
    """The role has this trust policy, unchecked."""
    _role(account, role).role["AssumeRolePolicyDocument"] = document


def user_deleted(account: str, user: str) -> None:
    """The user's entry is deleted, its access keys are still in the index."""
    del _iam(account).USERS[user]


def key_with_policy(account: str, key_id: str, document: Any) -> None:
    """The key has this key policy, unchecked."""
    _kms(account).keys[key_id].policy = document


def key_without(account: str, key_id: str, member: str) -> None:
    """The key's metadata lack a member."""
    del _kms(account).keys[key_id].metadata[member]


def alias_to_nowhere(account: str, alias: str) -> None:
    """The alias's key does not exist."""
    _kms(account).aliases[alias].metadata["TargetKeyId"] = "11111111-2222-4333-8444-555555555555"


def grants_without(account: str, member: str) -> None:
    """The account's grants lack a member."""
    for grant in _kms(account).grants.values():
        del grant.metadata[member]


def session_changed(access_key: str, **members: Any) -> None:
    """The session of the access key has other members; `expires` is a number of seconds since 1970."""
    from emulator.sts import sessions

    if "expires" in members:
        members["expires"] = datetime.fromtimestamp(members["expires"], UTC)
    sessions.remember(replace(sessions._sessions[access_key], **members))


# What can be asked


def digest() -> str:
    """A digest of the emulator's whole state: equal digests mean that nothing changed in between."""
    from localstack.services.cloudformation.models import cloudformation_stores
    from localstack.services.iam.models import iam_stores
    from localstack.services.kms.models import kms_stores
    from localstack.services.sts.models import sts_stores

    from emulator.sts import sessions

    everything = (iam_stores, kms_stores, sts_stores, cloudformation_stores, sessions._sessions)
    return hashlib.sha256(_plain(everything, ()).encode()).hexdigest()


def keep(account: str) -> str:
    """How many keys, in how many stores, the emulator keeps for this account."""
    from localstack.services.kms.models import kms_stores

    regions = dict.get(kms_stores, account, {})
    return f"{sum(len(store.keys) for store in regions.values())} keys in {len(regions)} stores"


# How


def _plain(value: Any, above: tuple[int, ...]) -> str:
    """The value as text, members of objects included; an object that contains itself is only named."""
    if id(value) in above:
        return "itself"
    above = (*above, id(value))
    if isinstance(value, dict):
        # LocalStack makes a member of a store when it is read for the first time; empty, it says nothing.
        pairs = ((str(key), _plain(item, above)) for key, item in list(value.items()) if item not in ({}, [], None))
        return "{" + ",".join(f"{key}:{text}" for key, text in sorted(pairs)) + "}" + _members(value, above)
    if isinstance(value, (list, tuple, set, frozenset)):
        texts = [_plain(item, above) for item in value]
        return "[" + ",".join(sorted(texts) if isinstance(value, (set, frozenset)) else texts) + "]"
    if isinstance(value, (str, bytes, int, float, bool, type(None), datetime)):
        return repr(value)
    return type(value).__name__ + _members(value, above)


def _members(value: Any, above: tuple[int, ...]) -> str:
    members = {name: item for name, item in getattr(value, "__dict__", {}).items() if not name.endswith("lock")}
    return _plain(members, above) if members else ""


def _iam(account: str) -> Any:
    from emulator.iam import identities

    return identities.store(account)


def _role(account: str, role: str) -> Any:
    return _iam(account).ROLES[role]


def _kms(account: str) -> Any:
    from emulator.kms import keys

    return keys.store(account, "us-east-1")


def _break_decisions() -> None:
    """Add switches before, inside and after the decision."""
    engine: Any = import_module("plerion_kms.authorization.engine")
    decisions: Any = import_module("plerion_kms.authorization.decision")
    gateway: Any = import_module("emulator.gate")

    def how(account: str) -> str:
        return BROKEN.get(account, "")

    def guarded(authorize: Any) -> Any:
        def decide(call: Any) -> Any:
            failing = how(call.caller_account)
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

    analyze, explain = engine.analyze_policies, gateway.explain

    def analyzing(source: Any, policies: Any, prepared: Any) -> Any:
        if how(prepared.request.principal.account) == "raises inside":
            raise RuntimeError("broken by a test")
        return analyze(source, policies, prepared)

    def explaining(decision: Any) -> str:
        if any("explanation breaks" in trace.statement for trace in decision.trace):
            raise RuntimeError("broken by a test")
        text: str = explain(decision)
        return text

    engine.analyze_policies = analyzing
    gateway.explain = explaining


def _serve() -> None:
    with Listener(("127.0.0.1", 0), authkey=KEY) as listener:
        Path("faults").write_text(str(listener.address[1]))
        while True:
            with listener.accept() as connection:
                name, arguments = connection.recv()
                try:
                    connection.send(("", globals()[name](**arguments)))
                except Exception as error:
                    connection.send((f"{type(error).__name__}: {error}", None))


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    from emulator import launcher

    Thread(target=_serve, daemon=True).start()
    _break_decisions()
    sys.exit(launcher.main())
