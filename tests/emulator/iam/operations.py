"""What each IAM operation works on, and which condition keys and further permissions it has.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access
Management"; IAM API reference (UpdateUser: permissions on the old and the new name).
"""

from __future__ import annotations

RESOURCES: dict[str, str] = {
    operation: kind
    for kind, operations in {
        "role": """
            AttachRolePolicy CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy
            GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies ListRoleTags
            PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole
            """,
        "user": """
            AttachUserPolicy CreateAccessKey CreateUser DeleteAccessKey DeleteUser DeleteUserPermissionsBoundary
            DeleteUserPolicy DetachUserPolicy GetUser GetUserPolicy ListAccessKeys ListAttachedUserPolicies
            ListGroupsForUser ListUserPolicies ListUserTags PutUserPermissionsBoundary PutUserPolicy TagUser UntagUser
            UpdateAccessKey UpdateUser
            """,
        "group": """
            AddUserToGroup AttachGroupPolicy CreateGroup DeleteGroup DeleteGroupPolicy DetachGroupPolicy GetGroup
            GetGroupPolicy ListAttachedGroupPolicies ListGroupPolicies PutGroupPolicy RemoveUserFromGroup
            """,
        "instance-profile": """
            AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile
            ListInstanceProfileTags RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile
            """,
        "policy": """
            CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion
            ListEntitiesForPolicy ListPolicyTags ListPolicyVersions SetDefaultPolicyVersion TagPolicy UntagPolicy
            """,
        "oidc-provider": "CreateOpenIDConnectProvider DeleteOpenIDConnectProvider GetOpenIDConnectProvider",
        "saml-provider": "CreateSAMLProvider DeleteSAMLProvider GetSAMLProvider",
        "entity": "SimulatePrincipalPolicy",
        "": """
            GetAccountAuthorizationDetails
            ListGroups ListInstanceProfiles ListOpenIDConnectProviders ListPolicies ListRoles ListSAMLProviders
            ListUsers SimulateCustomPolicy
            """,
    }.items()
    for operation in operations.split()
}
"""Operation -> the kind of its resource; `entity`: a role, user or group named by its ARN; empty: `*`."""

TAGS_ON_CREATE = {
    "CreateInstanceProfile": "TagInstanceProfile",
    "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
    "CreatePolicy": "TagPolicy",
    "CreateRole": "TagRole",
    "CreateSAMLProvider": "TagSAMLProvider",
    "CreateUser": "TagUser",
}
"""Operations that create a resource with tags, and the permission that they need if the request has any."""

CREATES = TAGS_ON_CREATE.keys() | {"CreateGroup"}
"""Operations whose resource does not exist yet: its ARN follows from the request."""

WITH_POLICY_ARN = frozenset(
    f"{verb}{entity}Policy" for verb in ("Attach", "Detach") for entity in ("Group", "Role", "User")
)
"""Operations with the condition key `iam:PolicyARN`."""

WITH_BOUNDARY = {
    "CreateRole",
    "CreateUser",
    "DeleteRole",
    "GetRole",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
    *(f"{verb}{entity}Policy" for verb in ("Attach", "Delete", "Detach", "Put") for entity in ("Role", "User")),
    *(f"{verb}{entity}PermissionsBoundary" for verb in ("Delete", "Put") for entity in ("Role", "User")),
}
"""Operations with the condition key `iam:PermissionsBoundary`: the boundary that the request sets, else the present
one of the role or user."""

PASSED_TO = {"AddRoleToInstanceProfile": "ec2.amazonaws.com"}
"""Operations that pass a role to a service, which needs `iam:PassRole` on the role."""

OF_THE_CALLER = frozenset({"CreateAccessKey", "DeleteAccessKey", "GetUser", "ListAccessKeys", "UpdateAccessKey"})
"""Operations that work on the calling user if they name no user."""
