"""What Plerion's guide and the modules rely on.

Source: Plerion's user guide "Provide Plerion Access To KMS Keys"; AWS KMS Developer Guide, "AWS KMS condition keys".
"""

from fnmatch import fnmatchcase

from plerion_policies.documents import Statement, is_known

PLERION_ACCOUNT = "588158338731"

KEY_TAG = "PlerionAccess"
KEY_TAG_VALUES = ("Granted", "Denied")
RESOURCE_TAG = f"aws:ResourceTag/{KEY_TAG}"

APPLIANCE_TAG = "PlerionApplianceRole"
APPLIANCE_TAG_VALUE = "True"
APPLIANCE_PRINCIPAL_TAG = f"aws:PrincipalTag/{APPLIANCE_TAG}"

ACCESS_PRINCIPAL_TAG = "aws:PrincipalTag/RolePurpose"
ACCESS_TAG_VALUE = "PlerionAccess"

GRANT_FOR_SERVICE = "kms:GrantIsForAWSResource"
GRANT_ACTIONS = ("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant")
"""The operations whose requests carry kms:GrantIsForAWSResource."""

USING_A_KEY = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:CreateGrant",
)
"""What the mode statement opens; reading a key's metadata is not among it."""


def uses_keys(statement: Statement) -> bool:
    """Whether the statement allows a principal to use KMS keys."""
    on_keys = not statement.resources or any(
        fnmatchcase("arn:aws:kms:", resource[: len("arn:aws:kms:")].lower())
        or ":kms:" in resource
        or not is_known(resource)
        for resource in statement.resources
    )
    return statement.allows and on_keys and any(statement.covers(action) for action in USING_A_KEY)


def mode_guard(statement: Statement) -> frozenset[tuple[str, str]]:
    """The comparisons of the key's PlerionAccess tag that the statement is bound to; empty where it is to none."""
    return frozenset(
        (condition.base_operator, value.lower())
        for condition in statement.on(RESOURCE_TAG)
        for value in condition.values
    )


def speaks_of_appliance(statement: Statement) -> bool:
    """Whether a key policy's statement is for Plerion's appliance: by its tag, or by the name of its role."""
    principals = (name for names in (statement.principals or {}).values() for name in names)
    by_arn = (value for condition in statement.on("aws:PrincipalArn") for value in condition.values)
    by_name = any("PlerionAppliance" in name for name in (*principals, *by_arn))
    return by_name or any(statement.on(APPLIANCE_PRINCIPAL_TAG))
