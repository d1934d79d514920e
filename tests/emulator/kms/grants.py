"""What KMS checks in a grant before it stores it, and LocalStack does not.

Source: KMS API reference, CreateGrant; KMS developer guide "Grants in AWS KMS".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api.kms import InvalidArnException

from emulator import errors
from emulator.iam import principals
from plerion_kms.authorization.kms_operations import grant_operations

MAX_CONSTRAINT_PAIRS = 8
MAX_CONSTRAINT_VALUE = 384
PRINCIPAL = re.compile(r"arn:[a-z-]+:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role|federated-user)/.+)")


def check_grant(request: Mapping[str, Any], key: Any) -> None:
    """Refuse a grant with operations or constraints that the key does not support, or with an unknown principal.

    Raises ValidationError and InvalidArnException as KMS does.
    """
    supported = grant_operations(key.metadata["KeyUsage"], key.metadata["KeySpec"])
    unsupported = [operation for operation in request["Operations"] if operation not in supported]
    if unsupported:
        raise errors.validation(f"The operations {unsupported} are not supported by the key {key.metadata['Arn']}.")
    constraints = request.get("Constraints") or {}
    pairs = [constraints.get(name) or {} for name in ("EncryptionContextEquals", "EncryptionContextSubset")]
    if any(pairs) and key.metadata["KeySpec"] != "SYMMETRIC_DEFAULT":
        raise errors.validation("Only grants on symmetric encryption keys can have encryption context constraints.")
    if any(len(of_one) > MAX_CONSTRAINT_PAIRS for of_one in pairs):
        raise errors.validation(f"An encryption context constraint has at most {MAX_CONSTRAINT_PAIRS} pairs.")
    if any(len(value) > MAX_CONSTRAINT_VALUE for of_one in pairs for value in of_one.values()):
        raise errors.validation(
            f"A value of an encryption context constraint has at most {MAX_CONSTRAINT_VALUE} characters."
        )
    for member in ("GranteePrincipal", "RetiringPrincipal"):
        principal = request.get(member)
        if principal and not (PRINCIPAL.fullmatch(principal) and principals.exists(principal)):
            raise InvalidArnException(f"The {member} {principal} is not valid.")
