"""`python -m benchmarks.load`: many clients call the emulator while policies, tags, grants and key states change; each
answer is compared with what the facts in force allow, and the emulator's memory is watched.

Bounded: 64 and then 200 clients, on 127.0.0.1 alone, and an end after two minutes whatever happens.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import boto3
import psutil
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.figures import Report, Result
from benchmarks.load_model import APPLIANCE, GRANTEE, OPERATIONS, Fact, KeyFacts, KeyPolicy, Outcome, admissible
from emulator import Emulator, EmulatorError
from harness.aws.cloud import CLIENT_CONFIG, EmulatedCloud
from harness.aws.keys import ADMINISTRATOR, OWN_ACCOUNT, statements
from harness.aws.principals import REGION, Account, Principal, role_arn
from harness.examples.accounts import APPLIANCE_TAG
from plerion_kms.guide import mode_statement

CLIENTS = (64, 200)
SECONDS = 40.0
"""Of each number of clients."""
LIMIT = 120
"""Seconds of the whole run."""
KEYS = 24
WRITERS = 4
"""Threads that change the keys' facts; each has its own keys, so that it knows what they are."""
MODE_SECONDS = 3.0
MODES = ("ALL_KEYS", "SELECTED_KEYS")
TAGS = (None, "Granted", "Denied")
GRANTS = (frozenset({"Decrypt", "DescribeKey"}), frozenset({"Encrypt"}), frozenset({"GenerateDataKey"}))
POLICIES = {
    KeyPolicy.DELEGATING: (OWN_ACCOUNT,),
    KeyPolicy.ADDITIONS: (ADMINISTRATOR, "same-account additions"),
    KeyPolicy.CLOSED: (ADMINISTRATOR,),
}
PLAIN_SHARE = 0.5
"""Of the answers that have one admissible outcome: where several are, little is compared."""
MEMORY_GROWTH = 1.05
"""The median resident memory of a phase's last quarter, as a multiple of its second quarter's."""


class LoadError(Exception):
    """The run cannot go on: one sentence."""


@dataclass(frozen=True)
class Answer:
    """A call from `start` to `end`, in seconds, and how it ended: an `Outcome`, or another error's name."""

    caller: str
    operation: str
    key: int
    start: float
    end: float
    ended: str


class World:
    """An emulator's account with the two callers and the keys, and the facts about them."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        account = Account.make(EmulatedCloud(endpoint))
        self._iam = account.root.client("iam")
        self._administrator = account.session_of_new_role("KeyAdministrator", ("kms:*",))
        appliance = account.create_role("Appliance", trusted=[account.operator.arn], tags=APPLIANCE_TAG)
        self._callers = {
            APPLIANCE: account.operator.assume(appliance),
            GRANTEE: account.session_of_new_role("Grantee"),
        }
        self._grantee = role_arn(self._callers[GRANTEE])
        self.mode = Fact(MODES[0])
        self._put_mode(MODES[0])
        self._documents = {policy: self._document(names) for policy, names in POLICIES.items()}
        kms = self._administrator.client("kms")
        self.arns: list[str] = []
        self.facts: list[KeyFacts] = []
        self._ciphertexts: list[bytes] = []
        self._grant_ids: list[str] = [""] * KEYS
        for number in range(KEYS):
            arn = kms.create_key(Policy=self._documents[KeyPolicy.DELEGATING])["KeyMetadata"]["Arn"]
            self.arns.append(arn)
            self._ciphertexts.append(kms.encrypt(KeyId=arn, Plaintext=_plaintext(number))["CiphertextBlob"])
            self.facts.append(KeyFacts(Fact(KeyPolicy.DELEGATING), Fact(None), Fact(True), Fact(frozenset())))

    def clients(self, connections: int) -> dict[str, Any]:
        """A KMS client for each caller, and for the administrator, with that many connections."""
        everyone = {**self._callers, "administrator": self._administrator}
        return {name: self._client(principal, connections) for name, principal in everyone.items()}

    def call(self, client: Any, operation: str, key: int) -> str:
        """Make the call; returns how it ended."""
        arn = self.arns[key]
        try:
            if operation == "Encrypt":
                client.encrypt(KeyId=arn, Plaintext=b"plaintext")
            elif operation == "Decrypt":
                answer = client.decrypt(KeyId=arn, CiphertextBlob=self._ciphertexts[key])
                if answer["Plaintext"] != _plaintext(key):
                    return "another key's plaintext"
            elif operation == "GenerateDataKey":
                client.generate_data_key(KeyId=arn, KeySpec="AES_256")
            elif client.describe_key(KeyId=arn)["KeyMetadata"]["Arn"] != arn:
                return "another key's metadata"
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        except BotoCoreError as error:
            return type(error).__name__
        return Outcome.ALLOWED

    def change_mode(self) -> None:
        """Switch the mode statement of the appliance role."""
        mode = MODES[1 - MODES.index(self.mode.value)]
        _change(self.mode, mode, lambda: self._put_mode(mode))

    def change_key(self, administrator: Any, number: int, chance: random.Random) -> None:
        """Change one fact of the key."""
        facts, arn = self.facts[number], self.arns[number]
        match chance.choice(("policy", "tag", "enabled", "granted")):
            case "policy":
                policy = chance.choice([each for each in KeyPolicy if each != facts.policy.value])
                document = self._documents[policy]
                _change(facts.policy, policy, lambda: administrator.put_key_policy(KeyId=arn, Policy=document))
            case "tag":
                tag = chance.choice([each for each in TAGS if each != facts.tag.value])
                _change(facts.tag, tag, lambda: _put_tag(administrator, arn, tag))
            case "enabled":
                enabled = not facts.enabled.value
                switch = administrator.enable_key if enabled else administrator.disable_key
                _change(facts.enabled, enabled, lambda: switch(KeyId=arn))
            case "granted" if facts.granted.value:
                grant = self._grant_ids[number]
                _change(facts.granted, frozenset(), lambda: administrator.revoke_grant(KeyId=arn, GrantId=grant))
            case "granted" if facts.enabled.value:  # a disabled key takes no grants
                operations = chance.choice(GRANTS)
                parameters = {"KeyId": arn, "GranteePrincipal": self._grantee, "Operations": sorted(operations)}
                made = _change(facts.granted, operations, lambda: administrator.create_grant(**parameters))
                self._grant_ids[number] = made["GrantId"]

    def wrong(self, answers: Sequence[Answer]) -> tuple[Counter[str], int]:
        """The answers that nothing admits, described and counted, and how many had one admissible outcome alone."""
        wrong: Counter[str] = Counter()
        plain = 0
        for each in answers:
            facts = self.facts[each.key]
            may = admissible(each.caller, each.operation, self.mode, facts, each.start, each.end)
            plain += len(may) == 1
            if each.ended not in may:
                wrong[f"{each.caller}, {each.operation}: {each.ended} instead of {' or '.join(sorted(may))}"] += 1
        return wrong, plain

    def _put_mode(self, mode: str) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": [mode_statement(mode)]})
        self._iam.put_role_policy(RoleName="Appliance", PolicyName="Mode", PolicyDocument=document)

    def _document(self, names: Sequence[str]) -> str:
        owner = self._administrator
        parts = [part for name in names for part in statements(name, owner=owner, integration_account=owner.account)]
        return json.dumps({"Version": "2012-10-17", "Statement": parts})

    def _client(self, principal: Principal, connections: int) -> Any:
        return boto3.client(
            "kms",
            region_name=REGION,
            endpoint_url=self._endpoint,
            aws_access_key_id=principal.credentials.access_key_id,
            aws_secret_access_key=principal.credentials.secret_access_key,
            aws_session_token=principal.credentials.session_token,
            config=CLIENT_CONFIG.merge(Config(max_pool_connections=connections)),
        )


def _plaintext(key: int) -> bytes:
    return f"plaintext {key}".encode()


def _put_tag(administrator: Any, arn: str, tag: str | None) -> None:
    if tag is None:
        administrator.untag_resource(KeyId=arn, TagKeys=["PlerionAccess"])
    else:
        administrator.tag_resource(KeyId=arn, Tags=[{"TagKey": "PlerionAccess", "TagValue": tag}])


def _change[Value](fact: Fact[Value], value: Value, call: Callable[[], Any]) -> Any:
    began = time.monotonic()
    answer = call()
    fact.change(value, began, time.monotonic())
    return answer


class Phase:
    """So many clients at once, for so many seconds."""

    def __init__(self, world: World, clients: int, seconds: float) -> None:
        self._world = world
        self._connections = world.clients(clients + WRITERS)
        self._clients = clients
        self._seconds = seconds
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        self.answers: list[Answer] = []
        self.memory: list[int] = []

    def run(self, memory: Callable[[], int]) -> None:
        """Run the phase. `memory` gives the emulator's resident bytes. Raises LoadError if a change fails."""
        threads = [
            *(self._thread(self._write, number) for number in range(WRITERS)),
            self._thread(self._switch),
            *(self._thread(self._ask, number) for number in range(self._clients)),
        ]
        end = time.monotonic() + self._seconds
        while time.monotonic() < end and not self._failures:
            self.memory.append(memory())
            time.sleep(0.5)
        self._stop.set()
        for thread in threads:
            thread.join()
        if self._failures:
            raise LoadError(f"A change failed under load: {self._failures[0]}") from self._failures[0]

    def _thread(self, work: Callable[..., None], *arguments: int) -> threading.Thread:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as error:  # whatever it is, the run must end and say so
                self._failures.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _ask(self, number: int) -> None:
        chance = random.Random(f"client {number}")  # noqa: S311 - repeatable, no secret
        while not self._stop.is_set():
            caller, operation = chance.choice((APPLIANCE, APPLIANCE, GRANTEE)), chance.choice(OPERATIONS)
            key = chance.randrange(KEYS)
            start = time.monotonic()
            ended = self._world.call(self._connections[caller], operation, key)
            self.answers.append(Answer(caller, operation, key, start, time.monotonic(), ended))

    def _write(self, number: int) -> None:
        chance = random.Random(f"writer {number}")  # noqa: S311
        while not self._stop.is_set():
            key = chance.randrange(number, KEYS, WRITERS)
            self._world.change_key(self._connections["administrator"], key, chance)

    def _switch(self) -> None:
        while not self._stop.wait(MODE_SECONDS):
            self._world.change_mode()


def growth(samples: Sequence[int]) -> float:
    """The median of the last quarter of the samples as a multiple of the second quarter's: the first is the start.

    Raises LoadError for fewer than eight samples.
    """
    quarter = len(samples) // 4
    if quarter < 2:
        raise LoadError(f"{len(samples)} samples of the memory say nothing about its growth: let the phase run longer.")
    return median(samples[-quarter:]) / median(samples[quarter : 2 * quarter])


def main() -> int:
    """Run the load and print. Returns the exit status: 1 for a wrong answer, growing memory or a run cut off."""
    report = Report()
    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.alarm(LIMIT)
    try:
        with Emulator() as emulator:
            (process,) = psutil.Process().children()
            world = World(emulator.endpoint_url)
            for clients in CLIENTS:
                phase = Phase(world, clients, SECONDS)
                phase.run(lambda: int(process.memory_info().rss))
                _judge(report, world, clients, phase)
    except (LoadError, EmulatorError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; nothing was left behind.\n")
        return 130
    finally:
        signal.alarm(0)
    return report.exit_status()


def _judge(report: Report, world: World, clients: int, phase: Phase) -> None:
    wrong, plain = world.wrong(phase.answers)
    ends = Counter(each.ended for each in phase.answers)
    report.say(
        f"{clients} clients, {SECONDS:g} s: {len(phase.answers):,} calls ("
        + ", ".join(f"{count:,} {name}" for name, count in ends.most_common())
        + f"); memory {phase.memory[0] >> 20} to {phase.memory[-1] >> 20} MiB"
    )
    for what, count in wrong.most_common(10):
        report.say(f"  {count:,} times {what}")
    report.add(Result(f"{clients} clients: wrong answers", wrong.total(), most=0))
    share = plain / max(1, len(phase.answers))
    report.add(Result(f"{clients} clients: share of answers with one admissible outcome", share, least=PLAIN_SHARE))
    report.add(Result(f"{clients} clients: memory, last / second quarter", growth(phase.memory), most=MEMORY_GROWTH))


def _too_long(*_: object) -> None:
    raise LoadError(f"The run was ended after {LIMIT} s: stop what else runs on this machine, and repeat it.")


if __name__ == "__main__":
    sys.exit(main())
