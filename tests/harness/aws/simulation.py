"""IAM's policy simulator, for what no service of the emulator does: calling KMS on behalf of a principal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.aws import tally
from harness.aws.principals import Account

type ContextEntry = tuple[str, str, str]
"""A context key, its type as the simulator names types, and its value."""

FOR_AWS_RESOURCE: ContextEntry = ("kms:GrantIsForAWSResource", "boolean", "true")


def simulated(
    account: Account, actions: Sequence[str], arns: Sequence[str], context: Sequence[ContextEntry], **policies: Any
) -> dict[str, set[str]]:
    """Resource -> those of the actions that the simulator allows on it, in that context.

    policies: further members of the request. With a PolicySourceArn the policies of that principal apply too.
    """
    iam = account.root.client("iam")
    simulate = iam.simulate_principal_policy if "PolicySourceArn" in policies else iam.simulate_custom_policy
    answer: dict[str, Any] = simulate(
        ActionNames=list(actions),
        ResourceArns=list(arns),
        ContextEntries=[
            {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": [value]}
            for name, kind, value in context
        ],
        **policies,
    )
    tally.CURRENT.asserted += 1
    allowed: dict[str, set[str]] = {arn: set() for arn in arns}
    for result in answer["EvaluationResults"]:
        for each in result["ResourceSpecificResults"]:
            if each["EvalResourceDecision"] == "allowed":
                allowed[each["EvalResourceName"]].add(result["EvalActionName"])
    return allowed
