"""The condition keys that the engine supports, by name. A key that is not here is unsupported, and is never taken for
absent.

Source: IAM user guide "AWS global condition context keys", "Available keys for AWS OIDC federation", "Available keys
for SAML-based federation"; service authorization reference for KMS, STS and IAM. Names are compared
case-insensitively.
"""

from __future__ import annotations

import re
from functools import lru_cache

from plerion_kms.authorization.errors import UnsupportedError
from plerion_kms.authorization.services import OTHER_SERVICES

TAG_PREFIXES = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/", "iam:resourcetag/", "sts:requestcontext/")
"""Keys whose rest is a name chosen by the customer, after a slash."""

ENCRYPTION_CONTEXT_PREFIX = "kms:encryptioncontext:"
"""The key whose rest is the name of an encryption-context pair, after a colon."""

_GLOBAL = """
    aws:AssumedRoot aws:CalledVia aws:CalledViaAWSMCP aws:CalledViaFirst aws:CalledViaLast aws:ChatbotSourceArn
    aws:CurrentTime
    aws:Ec2InstanceSourcePrivateIPv4 aws:Ec2InstanceSourceVpc aws:EpochTime aws:FederatedProvider
    aws:MultiFactorAuthAge aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn
    aws:PrincipalIsAWSService aws:PrincipalOrgID aws:PrincipalOrgPaths aws:PrincipalServiceName
    aws:PrincipalServiceNamesList aws:PrincipalType aws:Referer aws:RequestedRegion aws:ResourceAccount
    aws:ResourceOrgID aws:ResourceOrgPaths aws:SecureTransport aws:SourceAccount aws:SourceArn
    aws:SourceIdentity aws:SourceIp aws:SourceOrgID aws:SourceOrgPaths aws:SourceVpc aws:SourceVpcArn aws:SourceVpce
    aws:TagKeys aws:TokenIssueTime aws:UserAgent aws:userid aws:username aws:ViaAWSService aws:VpceAccount
    aws:VpceOrgID aws:VpceOrgPaths aws:VpcSourceIp aws:IsMcpServiceAction aws:ViaAWSMCPService
    aws:SignInSessionArn
    codebuild:BuildArn codebuild:ProjectArn ec2:RoleDelivery ec2:SourceInstanceArn glue:CredentialIssuingService
    glue:RoleAssumedBy identitystore:UserId lambda:SourceFunctionArn ssm:SourceInstanceArn
"""

_KMS = """
    kms:BypassPolicyLockoutSafetyCheck kms:CallerAccount kms:CustomerMasterKeySpec kms:CustomerMasterKeyUsage
    kms:DataKeyPairSpec kms:EncryptionAlgorithm kms:EncryptionContextKeys kms:ExpirationModel
    kms:GrantConstraintSourceArn kms:GrantConstraintType kms:GranteePrincipal kms:GranteeServicePrincipal
    kms:GrantIsForAWSResource kms:GrantOperations kms:KeyAgreementAlgorithm kms:KeyOrigin kms:KeySpec
    kms:KeyUsage kms:MacAlgorithm kms:MessageType kms:MultiRegion kms:MultiRegionKeyType kms:PolicyName
    kms:PrimaryRegion kms:ReEncryptOnSameKey kms:ReplicaRegion kms:RequestAlias kms:ResourceAliases
    kms:RetiringPrincipal kms:RetiringServicePrincipal kms:RotationPeriodInDays
    kms:ScheduleKeyDeletionPendingWindowInDays kms:SigningAlgorithm kms:TrailingDaysWithoutKeyUsage
    kms:ValidTo kms:ViaService kms:WrappingAlgorithm kms:WrappingKeySpec kms:RecipientAttestation:ImageSha384
    kms:RecipientAttestation:PCR kms:RecipientAttestation:NitroTPMPCR
"""

UNREAD_ATTESTATION = "kms:recipientattestation:"
"""Is in a request's context if an attestation document came with the call: the engine does not read it, so that
a condition on any `kms:RecipientAttestation:...` is unsupported then."""

_ATTESTATION = re.compile(r"kms:recipientattestation:(nitrotpm)?pcr\d{1,2}")

_STS = """
    sts:AWSServiceName sts:DurationSeconds sts:ExternalId sts:RoleSessionName sts:SourceIdentity sts:TaskPolicyArn
    sts:TransitiveTagKeys sts:RequestContextProviders sts:RequestContext/identitystore:UserId sts:IdentityTokenAudience
    sts:SigningAlgorithm sts:RoleAuthorizedByIdp
"""

_IAM = """
    iam:AssociatedResourceArn iam:AWSServiceName iam:DelegationDuration iam:DelegationRequestOwner
    iam:FIDO-certification iam:FIDO-FIPS-140-2-certification iam:FIDO-FIPS-140-3-certification
    iam:NotificationChannel iam:OrganizationsPolicyId iam:PassedToService iam:PermissionsBoundary iam:PolicyARN
    iam:RegisterSecurityKey iam:ServiceSpecificCredentialAgeDays iam:ServiceSpecificCredentialServiceName
    iam:TemplateArn
"""

_SAML = """
    saml:aud saml:cn saml:commonName saml:doc saml:eduOrgHomePageURI saml:eduOrgIdentityAuthNPolicyURI
    saml:eduOrgLegalName saml:eduOrgSuperiorURI saml:eduOrgWhitePagesURI saml:eduPersonAffiliation
    saml:eduPersonAssurance saml:eduPersonEntitlement saml:eduPersonNickname saml:eduPersonOrgDN
    saml:eduPersonOrgUnitDN saml:eduPersonPrimaryAffiliation saml:eduPersonPrimaryOrgUnitDN
    saml:eduPersonPrincipalName saml:eduPersonScopedAffiliation saml:eduPersonTargetedID saml:givenName saml:iss
    saml:mail saml:name saml:namequalifier saml:organizationStatus saml:primaryGroupSID saml:sub saml:sub_type
    saml:surname saml:uid saml:x500UniqueIdentifier
"""

_CLAIMS = frozenset(("aud", "sub", "amr", "azp", "oaud", "app_id", "user_id", "email", "id"))
"""Claims that any OpenID Connect provider may send."""

_GITHUB_CLAIMS = """
    actor actor_id enterprise_id environment job_workflow_ref ref repository repository_id repository_owner_id workflow
"""

_PROVIDER_CLAIMS = [
    (re.compile(provider), _CLAIMS | frozenset(claims.split()))
    for provider, claims in (
        (r"token\.actions\.githubusercontent\.com(/.+)?", _GITHUB_CLAIMS),
        (r"token\.actions\.[^/]+\.ghe\.com", _GITHUB_CLAIMS),
        (r"github\.com/enterprises/.+", _GITHUB_CLAIMS),
        (
            r"gitlab\.com",
            """namespace_id pipeline_source project_id ref_protected runner_environment
            user_access_level user_email user_id user_login""",
        ),
        (
            r"agent\.buildkite\.com|agent\..+\.buildkite\.(dev|site)",
            "build_branch cluster_id cluster_name organization_id organization_slug pipeline_id pipeline_slug",
        ),
        (r"accounts\.google\.com", "google/organization_number"),
        (r"oidc\.circleci\.com/org/.+", "oidc.circleci.com/project-id"),
        (r"idcs-.+\.identity\.oraclecloud\.com", "rpst_id"),
    )
]
"""Further claims, by the providers that STS checks them for."""

KNOWN = frozenset(name.lower() for name in f"{_GLOBAL} {_KMS} {_STS} {_IAM} {_SAML}".split())

_SETS = """
    aws:CalledVia aws:PrincipalOrgPaths aws:PrincipalServiceNamesList aws:ResourceOrgPaths aws:SourceOrgPaths
    aws:TagKeys aws:VpceOrgPaths kms:EncryptionContextKeys kms:GrantOperations kms:ResourceAliases
    sts:TransitiveTagKeys sts:RequestContextProviders saml:cn saml:edupersonaffiliation saml:edupersonentitlement
"""

MULTIVALUED = frozenset(name.lower() for name in _SETS.split())
"""Keys that hold a set. Values of other keys are single."""

NOT_IN_KEY_POLICIES = ("aws:resourcetag/", "kms:resourcetag/", "kms:resourcealiases")
"""Keys that KMS refuses in a key policy. Source: KMS developer guide "ABAC for AWS KMS"."""


@lru_cache(maxsize=4096)
def is_known(key: str) -> bool:
    """Whether the condition key is one of AWS's: a global one, one of KMS, STS, IAM, SAML or an OpenID Connect provider
    by its name, or any key of another service."""
    folded = key.lower()
    if folded in KNOWN or service_of(key):
        return True
    if folded.startswith((*TAG_PREFIXES, ENCRYPTION_CONTEXT_PREFIX)):
        return any(
            len(folded) > len(prefix) and folded.startswith(prefix)
            for prefix in (*TAG_PREFIXES, ENCRYPTION_CONTEXT_PREFIX)
        )
    if _ATTESTATION.fullmatch(folded):
        return True
    # `token.actions.githubusercontent.com:sub`, `oidc.eks.R.amazonaws.com/id/X:aud`.
    provider, _, claim = folded.rpartition(":")
    return "." in provider and ":" not in provider and claim in claims_of(provider)


def claims_of(provider: str) -> frozenset[str]:
    """The claims that are condition keys, `PROVIDER:CLAIM`, for an OpenID Connect provider: its address without
    `https://`."""
    folded = provider.lower()
    return next((claims for pattern, claims in _PROVIDER_CLAIMS if pattern.fullmatch(folded)), _CLAIMS)


@lru_cache(maxsize=4096)
def service_of(key: str) -> str:
    """The other service that a condition key belongs to (`s3` for `s3:prefix`), empty for every other key.

    Such a key "only works with requests to" its service: a request to any other service does not have it (IAM user
    guide "AWS global condition context keys").
    """
    folded = key.lower()
    if folded in KNOWN or folded.startswith(TAG_PREFIXES):
        return ""
    service, _, name = folded.partition(":")
    return service if name and service in OTHER_SERVICES else ""


def check_known(key: str) -> None:
    """Raise UnsupportedError, with the key's name, unless it is known."""
    if not is_known(key):
        raise UnsupportedError(f"the condition key {key!r}")
