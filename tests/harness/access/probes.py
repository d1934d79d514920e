"""The probes' boto3 calls, and their results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from harness.aws.keys import Key
from harness.aws.principals import Principal
from harness.errors import HarnessError

PLAINTEXT = b"plaintext"
DECISION_HEADER = "x-plerion-kms-decision"
EXPLANATION_HEADER = "x-plerion-kms-explanation"
NEAR_MISS = "not matched: "
REFUSALS = ("AccessDeniedException", "AccessDenied")


@dataclass(frozen=True)
class Observation:
    """What a call came to: allowed, or AWS's refusal with its message.

    reason: why, in a few words; near_misses: statements that would have matched but for a condition, and what that
    wanted and saw. Only the emulator tells of the latter.
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
        return Observation(False, _reason(error.response, message), message, _near_misses(error.response))
    return Observation(True, _reason(answer, ""))


def _reason(response: Any, message: str) -> str:
    """The emulator's own words where it gives them, else the end of AWS's message."""
    header = _header(response, DECISION_HEADER)
    if header:
        return header.partition("; ")[2]
    found = re.search(r"(because|with) (.+)$", message)
    return found.group(2) if found else message


def _near_misses(response: Any) -> tuple[str, ...]:
    lines = (line.strip() for line in _header(response, EXPLANATION_HEADER).splitlines())
    return tuple(line.removeprefix(NEAR_MISS) for line in lines if line.startswith(NEAR_MISS))


def _header(response: Any, name: str) -> str:
    return unquote(response["ResponseMetadata"]["HTTPHeaders"].get(name, ""))
