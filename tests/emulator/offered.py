"""What the emulator offers: one list of operations and one of parameters for each service.

(For the resources of a CloudFormation stack see `emulator.cloudformation.resources`.)

The emulator tests the modules and the audit; it is not a second AWS. Operations and parameters that these do not need
are refused as not offered. Those on the lists answer as AWS does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from localstack.aws.api import CommonServiceException

SIGNING_NAMES = {
    "kms": "kms",
    "iam": "iam",
    "sts": "sts",
    "resourcegroupstaggingapi": "tagging",
    "cloudformation": "cloudformation",
}
"""The services, by their boto3 names, and the name in the scope of a signature."""

OFFERED: dict[str, frozenset[str]] = {
    service: frozenset(operations.split())
    for service, operations in {
        "kms": """
            CancelKeyDeletion CreateAlias CreateGrant CreateKey Decrypt DeleteAlias DeleteImportedKeyMaterial
            DeriveSharedSecret DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation Encrypt
            GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext
            GenerateMac GenerateRandom GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey
            ImportKeyMaterial ListAliases ListGrants ListKeyPolicies ListKeys ListResourceTags
            ListRetirableGrants PutKeyPolicy ReEncrypt ReplicateKey RetireGrant RevokeGrant RotateKeyOnDemand
            ScheduleKeyDeletion Sign TagResource UntagResource UpdateAlias UpdateKeyDescription Verify VerifyMac
            """,
        "iam": """
            CreateRole DeleteRole GetRole ListRoles UpdateAssumeRolePolicy UpdateRole
            ListRoleTags TagRole UntagRole
            AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
            DeleteRolePolicy GetRolePolicy ListRolePolicies PutRolePolicy
            DeleteRolePermissionsBoundary PutRolePermissionsBoundary
            AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile
            ListInstanceProfileTags ListInstanceProfiles ListInstanceProfilesForRole RemoveRoleFromInstanceProfile
            TagInstanceProfile UntagInstanceProfile
            CreatePolicy DeletePolicy GetPolicy ListEntitiesForPolicy ListPolicies ListPolicyTags TagPolicy UntagPolicy
            CreatePolicyVersion DeletePolicyVersion GetPolicyVersion ListPolicyVersions SetDefaultPolicyVersion
            CreateUser DeleteUser GetUser ListUserTags ListUsers TagUser UntagUser UpdateUser
            AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies
            DeleteUserPolicy GetUserPolicy ListUserPolicies PutUserPolicy
            DeleteUserPermissionsBoundary PutUserPermissionsBoundary
            CreateAccessKey DeleteAccessKey ListAccessKeys UpdateAccessKey
            AddUserToGroup CreateGroup DeleteGroup GetGroup ListGroups ListGroupsForUser RemoveUserFromGroup
            AttachGroupPolicy DetachGroupPolicy ListAttachedGroupPolicies
            DeleteGroupPolicy GetGroupPolicy ListGroupPolicies PutGroupPolicy
            CreateOpenIDConnectProvider DeleteOpenIDConnectProvider GetOpenIDConnectProvider ListOpenIDConnectProviders
            CreateSAMLProvider DeleteSAMLProvider GetSAMLProvider ListSAMLProviders
            GetAccountAuthorizationDetails SimulateCustomPolicy SimulatePrincipalPolicy
            """,
        "sts": """
            AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity GetCallerIdentity GetFederationToken
            GetSessionToken
            """,
        "resourcegroupstaggingapi": "GetResources",
        "cloudformation": """
            CreateStack DeleteStack DescribeStackEvents DescribeStackResources DescribeStacks GetTemplate UpdateStack
            CreateChangeSet DeleteChangeSet DescribeChangeSet ExecuteChangeSet
            """,
    }.items()
}

PARAMETERS: dict[str, frozenset[str]] = {
    service: frozenset(parameters.split())
    for service, parameters in {
        "kms": """
            AliasName BypassPolicyLockoutSafetyCheck CiphertextBlob Constraints CustomerMasterKeySpec Description
            DestinationEncryptionAlgorithm DestinationEncryptionContext DestinationKeyId DryRun DryRunModifiers
            EncryptedKeyMaterial EncryptionAlgorithm EncryptionContext ExpirationModel GrantId GrantToken GrantTokens
            GranteePrincipal ImportToken ImportType KeyAgreementAlgorithm KeyId
            KeyMaterialDescription KeyMaterialId KeyPairSpec KeySpec KeyUsage Limit Mac MacAlgorithm Marker Message
            MessageType MultiRegion Name NumberOfBytes Operations Origin PendingWindowInDays Plaintext Policy PolicyName
            PublicKey ReplicaRegion RetiringPrincipal RotationPeriodInDays Signature SigningAlgorithm
            SourceEncryptionAlgorithm SourceEncryptionContext SourceKeyId TagKeys Tags TargetKeyId ValidTo
            WrappingAlgorithm WrappingKeySpec
            """,
        "iam": """
            AccessKeyId ActionNames AssertionEncryptionMode AssumeRolePolicyDocument CallerArn ClientIDList
            ContextEntries Description EntityFilter Filter
            GroupName InstanceProfileName Marker MaxItems MaxSessionDuration
            Name NewPath NewUserName OnlyAttached OpenIDConnectProviderArn Path PathPrefix PermissionsBoundary
            PermissionsBoundaryPolicyInputList PolicyArn PolicyDocument PolicyInputList PolicyName PolicySourceArn
            PolicyUsageFilter ResourceArns ResourceOwner ResourcePolicy RoleName SAMLMetadataDocument SAMLProviderArn
            Scope SetAsDefault Status TagKeys Tags ThumbprintList Url UserName VersionId
            """,
        "sts": """
            DurationSeconds ExternalId Name Policy PolicyArns PrincipalArn RoleArn RoleSessionName SAMLAssertion
            SerialNumber SourceIdentity Tags TokenCode TransitiveTagKeys WebIdentityToken
            """,
        "resourcegroupstaggingapi": "PaginationToken ResourceARNList ResourceTypeFilters ResourcesPerPage TagFilters",
        "cloudformation": """
            Capabilities ChangeSetName ChangeSetType ClientRequestToken ClientToken Description DisableRollback
            LogicalResourceId NextToken OnFailure Parameters StackName TemplateBody TemplateStage
            UsePreviousTemplate
            """,
    }.items()
}


def services() -> list[str]:
    """The services that this emulator was started with."""
    return os.environ["SERVICES"].split(",")


def check_operation(service: str, operation: str) -> None:
    """Raise UnsupportedOperation, naming the operation, if it is not on the list."""
    if operation not in OFFERED[service]:
        raise not_offered(f"{SIGNING_NAMES[service]}:{operation}")


def check_parameters(service: str, operation: str, parameters: Iterable[str]) -> None:
    """Raise UnsupportedOperation, naming the parameters, if some are not on the list."""
    others = sorted(set(parameters) - PARAMETERS[service])
    if others:
        raise not_offered(f"{', '.join(others)} of {SIGNING_NAMES[service]}:{operation}")


def not_offered(what: str) -> CommonServiceException:
    """The refusal of something that AWS has and this project does not need."""
    return CommonServiceException(
        "UnsupportedOperation", f"The emulator does not offer {what}.", status_code=400, sender_fault=True
    )
