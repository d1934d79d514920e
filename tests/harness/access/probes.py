"""The probes' boto3 calls, and their results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from emulator import decision_header
from harness.aws.keys import Key
from harness.aws.principals import Principal
from harness.errors import HarnessError
from plerion_kms.authorization.explain import describe

PLAINTEXT = b"plaintext"
REFUSALS = ("AccessDeniedException", "AccessDenied")


@dataclass(frozen=True)
class Observation:
    """What a call came to: allowed, or AWS's refusal with its message.

    reason: why, in a few words; near_misses: statements that would have matched but for a condition, and what that
    expected and got. Only the emulator reports the latter.
    """

    allowed: bool
    reason: str
    message: str = ""
    near_misses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """What a probe works on: the key; `other_end`, a key of the caller's account in the same Region for the far end of
    a ReEncrypt; and `grantee`, the ARN of a principal for CreateGrant that makes no calls itself."""

    key: Key
    other_end: Key
    grantee: str


type Call = Callable[[Any, Target], Any]


def _decrypt(kms: Any, target: Target) -> Any:
    key = target.key
    answer = kms.decrypt(KeyId=key.arn, CiphertextBlob=key.ciphertext, **key.algorithm)
    _expect_plaintext(answer)
    return answer


def _decrypt_without_key_id(kms: Any, target: Target) -> Any:
    answer = kms.decrypt(CiphertextBlob=target.key.ciphertext)
    _expect_plaintext(answer)
    return answer


def _reencrypt(kms: Any, source: Key, destination: Key) -> Any:
    algorithms = {
        f"{end}EncryptionAlgorithm": algorithm
        for end, key in (("Source", source), ("Destination", destination))
        for algorithm in key.algorithm.values()
    }
    return kms.re_encrypt(
        SourceKeyId=source.arn, DestinationKeyId=destination.arn, CiphertextBlob=source.ciphertext, **algorithms
    )


def _expect_plaintext(answer: Any) -> None:
    if answer["Plaintext"] != PLAINTEXT:
        raise HarnessError("Decrypt answered another plaintext than was encrypted: the emulator mixed up two keys.")


CALLS: Mapping[str, Call] = {
    "Encrypt": lambda kms, t: kms.encrypt(KeyId=t.key.arn, Plaintext=PLAINTEXT, **t.key.algorithm),
    "Decrypt": _decrypt,
    "DecryptWithoutKeyId": _decrypt_without_key_id,
    "ReEncryptFrom": lambda kms, t: _reencrypt(kms, t.key, t.other_end),
    "ReEncryptTo": lambda kms, t: _reencrypt(kms, t.other_end, t.key),
    "GenerateDataKey": lambda kms, t: kms.generate_data_key(KeyId=t.key.arn, KeySpec="AES_256"),
    "DescribeKey": lambda kms, t: kms.describe_key(KeyId=t.key.arn),
    "GenerateDataKeyWithoutPlaintext": lambda kms, t: kms.generate_data_key_without_plaintext(
        KeyId=t.key.arn, KeySpec="AES_256"
    ),
    "GenerateDataKeyPair": lambda kms, t: kms.generate_data_key_pair(KeyId=t.key.arn, KeyPairSpec="ECC_NIST_P256"),
    "CreateGrant": lambda kms, t: kms.create_grant(
        KeyId=t.key.arn, GranteePrincipal=t.grantee, Operations=["DescribeKey"], Name="probe"
    ),
    "GetKeyPolicy": lambda kms, t: kms.get_key_policy(KeyId=t.key.arn),
    "ListKeyPolicies": lambda kms, t: kms.list_key_policies(KeyId=t.key.arn),
    "ListResourceTags": lambda kms, t: kms.list_resource_tags(KeyId=t.key.arn),
    "ListGrants": lambda kms, t: kms.list_grants(KeyId=t.key.arn),
    "GetKeyRotationStatus": lambda kms, t: kms.get_key_rotation_status(KeyId=t.key.arn),
    "GetPublicKey": lambda kms, t: kms.get_public_key(KeyId=t.key.arn),
    "TagResource": lambda kms, t: kms.tag_resource(KeyId=t.key.arn, Tags=[{"TagKey": "Probed", "TagValue": "Yes"}]),
}
"""The call of each row of `plerion_kms.probes`, by its name."""


def probe(principal: Principal, target: Target, name: str) -> Observation:
    """Make the call. A refusal is an observation; any other error is raised, since it says nothing about access."""
    try:
        answer = CALLS[name](principal.in_region(target.key.region).client("kms"), target)
    except ClientError as error:
        if error.response["Error"]["Code"] not in REFUSALS:
            raise
        message = error.response["Error"]["Message"]
        return _observation(False, error.response, message)
    return _observation(True, answer, "")


def _observation(allowed: bool, response: Any, message: str) -> Observation:
    """The outcome with the emulator's reason, else with the end of AWS's message, without the action's name."""
    explanation = decision_header.read(response["ResponseMetadata"]["HTTPHeaders"])
    if explanation is None:
        found = re.search(r"(because|with) (.+)$", message)
        return Observation(allowed, re.sub(r"the kms:\w+ action", "it", found[2]) if found else message, message)
    return Observation(allowed, explanation.reason, message, tuple(map(describe, explanation.near_misses)))
