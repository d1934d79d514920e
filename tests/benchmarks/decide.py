"""A process that decides the matrix with the engine that it finds on its path: the current one, or an earlier one.

`python decide.py MATRIX_FILE` answers each line of standard input, a task in JSON, with one line.

task: `keys` (how many of the file's), `decisions` (how many; the questions repeat until there are enough), `policies`
("held": compiled once and held; "texts": given as text for each decision), `spread` (true: the next question is about
another key, else all of a key follow each other), `answers` (true: instead of the time, what was decided).
answer: `seconds` of this process's processor time, or `answers`, a list of [allowed, reason].

Names of the engine that an earlier revision lacks must not be used here.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or find_spec("plerion_kms"):
    from plerion_kms.authorization.documents import Policy, parse_policy
    from plerion_kms.authorization.engine import authorize
    from plerion_kms.authorization.kinds import PolicyKind
    from plerion_kms.authorization.policies import Policies
    from plerion_kms.authorization.request import Principal, PrincipalType, Request, Resource
else:  # an earlier revision, whose engine is a package by itself
    from authorization.documents import Policy, parse_policy
    from authorization.engine import authorize
    from authorization.kinds import PolicyKind
    from authorization.policies import Policies
    from authorization.request import Principal, PrincipalType, Request, Resource

type Question = tuple[Request, tuple[Policy, Policy], tuple[str, str]]
"""The request; the role's and the key's policy, compiled; the same as texts."""


def questions(matrix: dict[str, Any], keys: int) -> Iterator[Question]:
    """Every question of the matrix's first keys: by mode, key, role and action."""
    account = matrix["account"]
    callers = [
        Principal(
            PrincipalType.ROLE_SESSION,
            f"arn:aws:sts::{account}:assumed-role/{role['name']}/session",
            account,
            f"arn:aws:iam::{account}:role/{role['name']}",
            tags=role["tags"],
        )
        for role in matrix["roles"]
    ]
    texts = [json.dumps(key["policy"]) for key in matrix["keys"][:keys]]
    held = [parse_policy(text, PolicyKind.KEY, "key policy") for text in texts]
    for mode in matrix["modes"]:
        identities = [json.dumps(role["identity"][mode]) for role in matrix["roles"]]
        attached = [parse_policy(text, PolicyKind.IDENTITY, "role policy") for text in identities]
        for key, policy, text in zip(matrix["keys"][:keys], held, texts, strict=True):
            resource = Resource(key["arn"], account, key["tags"])
            for caller, identity, identity_text in zip(callers, attached, identities, strict=True):
                for action in matrix["actions"]:
                    request = Request(caller, action, resource, {"aws:SecureTransport": "true"})
                    yield request, (identity, policy), (identity_text, text)


def spread(asked: list[Question], kinds: int) -> list[Question]:
    """The same questions in an order in which the next one is about the next key.

    The first questions must be of the same mix for any number of keys, since an Allow costs more than a refusal that
    needs no condition. So each key begins with another role, action and mode. kinds: keys that many apart are alike.
    """
    by_key: dict[str, list[Question]] = {}
    for question in asked:
        by_key.setdefault(question[0].resource.arn, []).append(question)
    rotated = []
    for number, about_key in enumerate(by_key.values()):
        start = number // kinds % len(about_key)
        rotated.append(about_key[start:] + about_key[:start])
    return [question for each in zip(*rotated, strict=True) for question in each]


def seconds(asked: list[Question], decisions: int, policies: str) -> float:
    """Decide; returns the processor time."""
    start = time.process_time()
    if policies == "held":
        for request, (identity, resource), _ in islice(cycle(asked), decisions):
            authorize(request, Policies(identity=(identity,), resource=resource))
    else:
        for request, _, (identity_text, text) in islice(cycle(asked), decisions):
            identity = parse_policy(identity_text, PolicyKind.IDENTITY, "role policy")
            resource = parse_policy(text, PolicyKind.KEY, "key policy")
            authorize(request, Policies(identity=(identity,), resource=resource))
    return time.process_time() - start


def answers(asked: list[Question]) -> list[tuple[bool, str]]:
    """What is decided, and why."""
    decided = [authorize(request, Policies(identity=(held[0],), resource=held[1])) for request, held, _ in asked]
    return [(decision.allowed, decision.reason) for decision in decided]


def main() -> None:
    """See the module's text."""
    with open(sys.argv[1], encoding="utf-8") as file:
        matrix = json.load(file)
    prepared: dict[tuple[int, bool], list[Question]] = {}
    for line in sys.stdin:
        task = json.loads(line)
        keys, order = task["keys"], task.get("spread", False)
        if (keys, order) not in prepared:
            in_order = list(questions(matrix, keys))
            prepared[keys, order] = spread(in_order, matrix["kinds"]) if order else in_order
        asked = prepared[keys, order]
        if task.get("answers"):
            answer: dict[str, Any] = {"answers": answers(asked)}
        else:
            answer = {"seconds": seconds(asked, task["decisions"], task["policies"])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
