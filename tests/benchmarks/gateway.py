"""`python -m benchmarks.gateway`: how long a call to the emulator takes with enforcement on and off.

The same call goes to the two emulators in turn, so that what else the machine does hits both.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from statistics import median
from typing import Any

from benchmarks.figures import Report, Result, ratio
from emulator import Emulator
from harness.aws.cloud import EmulatedCloud
from harness.aws.principals import Account, Principal
from plerion_kms.guide import mode_statement, same_account_additions

ACCOUNT = "111111111111"
FEW_KEYS, MANY_KEYS = 10, 3_000
ROUNDS = 5
CALLS = 200
"""With and without enforcement, in each round."""
STATEMENTS = 100
POLICIES = 4
"""A managed policy holds 6,144 characters."""
MOST = 1.12
OTHERS = {
    # The usual role: what its other statements allow is at other services.
    "of other services": ("s3:GetObject", "arn:aws:s3:::bucket-{:08x}/*"),
    # The worst role: every statement allows the call, on another key.
    "on other keys": ("kms:Decrypt", "arn:aws:kms:*:*:key/{:08x}-*"),
}
"""What the role's statements other than the mode statement are about; the first is what the requirement is for."""


class Side:
    """An emulator with a caller for each of OTHERS, and its keys."""

    def __init__(self, emulator: Emulator) -> None:
        account = Account.make(EmulatedCloud(emulator.endpoint_url), ACCOUNT)
        self._administrator = account.session_of_new_role("KeyAdministrator", ("kms:*",))
        self._clients = {others: _caller(account, others).client("kms") for others in OTHERS}
        self._keys: list[tuple[str, bytes]] = []
        self._next = cycle(self._keys)

    def grow(self, keys: int) -> None:
        """Create keys until there are that many."""
        kms = self._administrator.client("kms")
        policy = _document(
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            *same_account_additions(),
        )
        tags = [{"TagKey": "PlerionAccess", "TagValue": "Granted"}]
        for _ in range(keys - len(self._keys)):
            arn = kms.create_key(Policy=policy, Tags=tags)["KeyMetadata"]["Arn"]
            self._keys.append((arn, kms.encrypt(KeyId=arn, Plaintext=b"plaintext")["CiphertextBlob"]))
        self._next = cycle(self._keys)

    def call(self, others: str) -> float:
        """Seconds that a Decrypt with the next key takes the caller with those other statements."""
        arn, ciphertext = next(self._next)
        start = time.perf_counter()
        self._clients[others].decrypt(KeyId=arn, CiphertextBlob=ciphertext)
        return time.perf_counter() - start


def _caller(account: Account, others: str) -> Principal:
    """A session of a role with the mode statement after 99 others."""
    name = f"Role{list(OTHERS).index(others)}"
    caller = account.session_of_new_role(name)
    action, resource = OTHERS[others]
    statements = [
        {"Effect": "Allow", "Action": action, "Resource": resource.format(number)} for number in range(STATEMENTS - 1)
    ]
    statements.append(mode_statement("SELECTED_KEYS"))
    iam = account.root.client("iam")
    for part in range(POLICIES):
        document = _document(*statements[part::POLICIES])
        arn = iam.create_policy(PolicyName=f"{name}-{part}", PolicyDocument=document)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    return caller


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def p50s(sides: Sequence[Side], others: str) -> list[float]:
    """The median seconds of a call on each side; the sides take turns, and in turn go first."""
    taken: list[list[float]] = [[] for _ in sides]
    for number in range(CALLS):
        order = range(len(sides)) if number % 2 else reversed(range(len(sides)))
        for side in order:
            taken[side].append(sides[side].call(others))
    return [median(each) for each in taken]


def main() -> int:
    """Measure and print. Returns the exit status: 1 if the requirement was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    report = Report()
    report.say(f"Decrypt by a role with {STATEMENTS} statements: seconds with enforcement / seconds without")
    with ExitStack() as stack:
        sides = [Side(stack.enter_context(Emulator(enforce=enforce))) for enforce in (True, False)]
        for keys in (FEW_KEYS, MANY_KEYS):
            for side in sides:
                side.grow(keys)
            for others in OTHERS:
                p50s(sides, others)
                enforced, plain = zip(*(p50s(sides, others) for _ in range(arguments.rounds)), strict=True)
                name = f"{keys:,} keys, the other statements {others}"
                milliseconds = f"{median(enforced) * 1000:.2f} / {median(plain) * 1000:.2f} ms"
                most = MOST if others == next(iter(OTHERS)) else None
                report.add(Result(f"{name} ({milliseconds})", ratio(enforced, plain), most=most))
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
