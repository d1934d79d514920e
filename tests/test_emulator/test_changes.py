"""A change takes effect at the next call; and while threads call and change policies at once, every answer is either a
refusal or right."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.config import Config

from emulator import Emulator
from harness.aws.cloud import CLIENT_CONFIG
from test_emulator.aws import (
    REGION,
    SESSION,
    Account,
    Caller,
    allow,
    code_of,
    key_policy,
    policy,
    statement,
    trusting,
)

DENIED = "AccessDeniedException"
DENY = policy(statement("Deny", "kms:Encrypt", Resource="*"))


@dataclass
class Stage:
    """A role with a session, and a key; changes are made by the account's root user."""

    account: Account
    role: Caller
    key: str

    @property
    def iam(self) -> Any:
        return self.account.root.iam

    @property
    def kms(self) -> Any:
        return self.account.root.kms

    def identity(self, document: Any) -> None:
        self.iam.put_role_policy(RoleName="Role", PolicyName="changed", PolicyDocument=json.dumps(document))

    def managed(self, document: Any) -> str:
        answer = self.iam.create_policy(PolicyName="Managed", PolicyDocument=json.dumps(document))
        arn: str = answer["Policy"]["Arn"]
        return arn

    def key_policy(self, document: Any) -> None:
        self.kms.put_key_policy(
            KeyId=self.key, Policy=json.dumps(document), BypassPolicyLockoutSafetyCheck=True, PolicyName="default"
        )

    def outcome(self) -> str:
        return code_of(self.role.kms.encrypt, KeyId=self.key, Plaintext=b"x")


def identity_policies(stage: Stage) -> Iterator[str]:
    yield DENIED
    stage.identity(allow("kms:Encrypt"))
    yield "allowed"
    stage.identity(allow("kms:Decrypt"))
    yield DENIED
    stage.identity(allow("kms:*"))
    yield "allowed"
    stage.iam.delete_role_policy(RoleName="Role", PolicyName="changed")
    yield DENIED


def managed_policies(stage: Stage) -> Iterator[str]:
    arn = stage.managed(allow("kms:Encrypt"))
    yield DENIED
    stage.iam.attach_role_policy(RoleName="Role", PolicyArn=arn)
    yield "allowed"
    stage.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(DENY), SetAsDefault=True)
    yield DENIED
    stage.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    yield "allowed"
    stage.iam.detach_role_policy(RoleName="Role", PolicyArn=arn)
    yield DENIED


def boundaries(stage: Stage) -> Iterator[str]:
    arn = stage.managed(allow("kms:Decrypt"))
    stage.identity(allow("kms:*"))
    yield "allowed"
    stage.iam.put_role_permissions_boundary(RoleName="Role", PermissionsBoundary=arn)
    yield DENIED
    stage.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(allow("kms:*")), SetAsDefault=True)
    yield "allowed"
    stage.iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    yield DENIED
    stage.iam.delete_role_permissions_boundary(RoleName="Role")
    yield "allowed"


def key_policies(stage: Stage) -> Iterator[str]:
    stage.identity(allow("kms:Encrypt"))
    root, role = stage.account.root_arn, f"arn:aws:iam::{stage.account.id}:role/Role"
    yield "allowed"
    stage.key_policy(key_policy(root, "kms:Decrypt", "kms:PutKeyPolicy"))
    yield DENIED
    stage.key_policy(key_policy(root, "kms:Encrypt", "kms:PutKeyPolicy"))
    yield "allowed"
    stage.key_policy(
        policy(
            *key_policy(root)["Statement"],
            statement("Deny", "kms:Encrypt", Principal={"AWS": role}, Resource="*"),
        )
    )
    yield DENIED
    stage.key_policy(key_policy([role, root]))
    yield "allowed"


def tags_of_the_key(stage: Stage) -> Iterator[str]:
    condition = {"StringEqualsIgnoreCase": {"aws:ResourceTag/PlerionAccess": "Granted"}}
    stage.identity(allow("kms:*", Condition=condition))
    yield DENIED
    for value, outcome in (("Granted", "allowed"), ("Denied", DENIED), ("GRANTED", "allowed")):
        stage.kms.tag_resource(KeyId=stage.key, Tags=[{"TagKey": "PlerionAccess", "TagValue": value}])
        yield outcome
    stage.kms.untag_resource(KeyId=stage.key, TagKeys=["PlerionAccess"])
    yield DENIED


def tags_of_the_role(stage: Stage) -> Iterator[str]:
    stage.identity(allow("kms:*", Condition={"StringEquals": {"aws:PrincipalTag/PlerionApplianceRole": "True"}}))
    yield DENIED
    stage.iam.tag_role(RoleName="Role", Tags=[{"Key": "PlerionApplianceRole", "Value": "True"}])
    yield "allowed"
    stage.iam.tag_role(RoleName="Role", Tags=[{"Key": "PlerionApplianceRole", "Value": "False"}])
    yield DENIED
    stage.iam.untag_role(RoleName="Role", TagKeys=["PlerionApplianceRole"])
    yield DENIED


def grants(stage: Stage) -> Iterator[str]:
    role = f"arn:aws:iam::{stage.account.id}:role/Role"
    yield DENIED
    grant = stage.kms.create_grant(KeyId=stage.key, GranteePrincipal=role, Operations=["Encrypt"])["GrantId"]
    yield "allowed"
    stage.identity(DENY)
    yield DENIED
    stage.iam.delete_role_policy(RoleName="Role", PolicyName="changed")
    yield "allowed"
    stage.kms.revoke_grant(KeyId=stage.key, GrantId=grant)
    yield DENIED


def states(stage: Stage) -> Iterator[str]:
    stage.identity(allow("kms:Encrypt"))
    yield "allowed"
    stage.kms.disable_key(KeyId=stage.key)
    yield "DisabledException"
    stage.kms.enable_key(KeyId=stage.key)
    yield "allowed"
    stage.kms.schedule_key_deletion(KeyId=stage.key)
    yield "KMSInvalidStateException"
    stage.kms.cancel_key_deletion(KeyId=stage.key)
    yield "DisabledException"


@pytest.mark.parametrize(
    "changes",
    [
        identity_policies,
        managed_policies,
        boundaries,
        key_policies,
        tags_of_the_key,
        tags_of_the_role,
        grants,
        states,
    ],
)
def test_each_change_takes_effect_at_the_next_call(account: Account, changes: Callable[[Stage], Iterator[str]]) -> None:
    stage = Stage(account, account.session("Role"), account.key())
    for step, expected in enumerate(changes(stage), 1):
        assert stage.outcome() == expected, f"step {step}"


def test_a_changed_trust_policy_takes_effect_for_new_sessions_only(account: Account, other: Account) -> None:
    role = account.role("Role", allow("kms:ListKeys"))
    session = account.operator.assume(role)
    iam, sts = account.root.iam, account.operator.sts
    iam.update_assume_role_policy(RoleName="Role", PolicyDocument=json.dumps(trusting(other.root_arn)))
    assert code_of(sts.assume_role, RoleArn=role, RoleSessionName="again") == "AccessDenied"
    assert code_of(session.kms.list_keys) == "allowed"


def test_a_role_that_is_deleted_and_recreated_while_its_session_is_open(account: Account) -> None:
    role = account.role("Role", allow("kms:*"))
    session = account.operator.assume(role)
    named = account.key(policy(*key_policy(account.root_arn)["Statement"], *key_policy(role)["Statement"]))
    granted = account.key()
    account.root.kms.create_grant(KeyId=granted, GranteePrincipal=role, Operations=["Encrypt"])

    def outcomes(caller: Caller) -> list[str]:
        return [code_of(caller.kms.encrypt, KeyId=key, Plaintext=b"x") for key in (named, granted)]

    assert outcomes(session) == ["allowed", "allowed"]
    account.root.iam.delete_role_policy(RoleName="Role", PolicyName="policy0")
    account.root.iam.delete_role(RoleName="Role")
    assert outcomes(session) == ["UnrecognizedClientException"] * 2
    again = account.operator.assume(account.role("Role"))
    assert outcomes(session) == ["UnrecognizedClientException"] * 2
    assert outcomes(again) == [DENIED, DENIED]


THREADS = 64
ROUNDS = 6
CHANGES = 40


@dataclass
class Switch:
    """Something that a thread switches on and off, with a count that is odd while it changes: a call that sees the same
    even count before and after itself was made in a settled state."""

    turn: Callable[[bool], None]
    count: int = 0
    on: bool = False
    seen: Counter[str] = field(default_factory=Counter)

    def flip(self) -> None:
        self.count += 1
        self.turn(not self.on)
        self.on = not self.on
        self.count += 1

    def check(self, call: Callable[[], str]) -> list[str]:
        """What was wrong with the outcome of one call."""
        before, on = self.count, self.on
        outcome = call()
        settled = before % 2 == 0 and before == self.count
        self.seen[outcome] += 1
        right = {"allowed" if on else DENIED} if settled else {"allowed", DENIED}
        return [] if outcome in right else [f"{outcome} while {'on' if on else 'off'}, {settled=}"]


def wide(caller: Caller, service: str = "kms") -> Any:
    """A client that may hold as many connections as there are threads."""
    return SESSION.client(
        service,
        endpoint_url=caller.endpoint,
        region_name=REGION,
        aws_access_key_id=caller.key,
        aws_secret_access_key=caller.secret,
        aws_session_token=caller.token,
        config=CLIENT_CONFIG.merge(Config(max_pool_connections=THREADS)),
    )


def test_64_threads_at_once_while_policies_change(emulator: Emulator, account: Account, other: Account) -> None:
    """Calls that are always allowed, always refused, or switched by a policy, a key policy, a tag, a grant."""
    before = emulator.log()
    keys = {name: account.key() for name in ("open", "switched", "tagged", "granted")}
    cross_account = other.key(key_policy([other.root_arn, account.root_arn]))
    role = account.role("Grantee")
    stage = Stage(account, account.session("Role", allow("kms:Encrypt", "kms:DescribeKey")), keys["switched"])
    tagged = account.session(
        "Tagged", allow("kms:Encrypt", Condition={"StringEquals": {"aws:ResourceTag/Open": "yes"}})
    )
    bare, grantee, powerless = account.session("Bare"), account.operator.assume(role), account.session("Powerless")
    made: list[str] = []

    def identity(on: bool) -> None:
        document = json.dumps(allow("kms:Encrypt"))
        if on:
            account.root.iam.put_role_policy(RoleName="Bare", PolicyName="switch", PolicyDocument=document)
        else:
            account.root.iam.delete_role_policy(RoleName="Bare", PolicyName="switch")

    def of_key(on: bool) -> None:
        stage.key_policy(key_policy(account.root_arn, *(("kms:*",) if on else ("kms:PutKeyPolicy",))))

    def tag(on: bool) -> None:
        tags = [{"TagKey": "Open", "TagValue": "yes" if on else "no"}]
        account.root.kms.tag_resource(KeyId=keys["tagged"], Tags=tags)

    def grant(on: bool) -> None:
        kms = account.root.kms
        if on:
            answer = kms.create_grant(KeyId=keys["granted"], GranteePrincipal=role, Operations=["Encrypt"])
            made.append(answer["GrantId"])
        else:
            kms.revoke_grant(KeyId=keys["granted"], GrantId=made.pop())

    switches = {"identity": Switch(identity), "key": Switch(of_key), "tag": Switch(tag), "grant": Switch(grant)}
    of_key(False)
    clients = {
        name: wide(caller)
        for name, caller in {
            "role": stage.role,
            "tagged": tagged,
            "bare": bare,
            "grantee": grantee,
            "powerless": powerless,
        }.items()
    }

    def encrypt(client: str, key: str) -> str:
        return code_of(clients[client].encrypt, KeyId=key, Plaintext=b"x")

    checks: list[Callable[[], list[str]]] = [
        lambda: expect("allowed", encrypt("role", keys["open"])),
        lambda: expect(DENIED, encrypt("powerless", keys["open"])),
        lambda: expect(DENIED, encrypt("powerless", cross_account)),
        lambda: expect("allowed", encrypt("role", cross_account)),
        lambda: switches["identity"].check(lambda: encrypt("bare", keys["open"])),
        lambda: switches["key"].check(lambda: encrypt("role", keys["switched"])),
        lambda: switches["tag"].check(lambda: encrypt("tagged", keys["tagged"])),
        lambda: switches["grant"].check(lambda: encrypt("grantee", keys["granted"])),
    ]
    start = threading.Barrier(THREADS + 1)

    def work(number: int) -> list[str]:
        order = random.Random(number)  # noqa: S311 (an order, not a secret)
        start.wait()
        return [problem for _ in range(ROUNDS) for problem in order.choice(checks)()]

    with ThreadPoolExecutor(THREADS) as pool:
        working = [pool.submit(work, number) for number in range(THREADS)]
        start.wait()
        for change in range(CHANGES):
            list(switches.values())[change % len(switches)].flip()
        problems = [problem for each in working for problem in each.result()]
    assert problems == []
    seen = sum((switch.seen for switch in switches.values()), Counter())
    assert (set(seen), seen.total() > THREADS) == ({"allowed", DENIED}, True)
    assert [check() for check in checks] == [[]] * len(checks)
    assert "no decision could be made" not in emulator.log()[len(before) :]


def expect(wanted: str, outcome: str) -> list[str]:
    """What was wrong with the outcome of a call that is always the same."""
    return [] if outcome == wanted else [f"{outcome} in place of {wanted}"]
