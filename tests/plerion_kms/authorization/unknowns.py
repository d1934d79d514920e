"""What AWS has not published, and the choice that this engine makes for each: the one that refuses more, unless
the text says otherwise.

Each constant is read by the rule that it decides. README.md lists them, and the choices that need no constant.
"""

from __future__ import annotations

RESOURCE_TAGS_ACROSS_ACCOUNTS = True
"""Whether `aws:ResourceTag` is in the request context when the key belongs to another account than the caller.

Inferred to be so: the service authorization reference gives the condition key to the key resource without a limit, and
the guide relies on it. With False, ALL_KEYS would ignore `Denied` across accounts and SELECTED_KEYS would never work
there.
"""

SESSION_POLICY_LIMITS_GRANTS = True
"""Whether a session policy that does not allow an action also stops a grant from allowing it.

Not documented. True refuses more."""

BOUNDARY_LIMITS_GRANTS = True
"""Whether a permissions boundary that does not allow an action also stops a grant from allowing it.

Not documented; a key policy that names a role is limited so. True refuses more."""

CROSS_ACCOUNT_GRANT_NEEDS_IDENTITY_POLICY = True
"""Whether a grant that was issued by an account other than the caller's needs an identity policy of the caller as well.

Inferred from "key trust" in KMS's policy evaluation; no test is published. True refuses more."""

STAR_PRINCIPAL_COVERS_SERVICES = False
"""Whether `"Principal": "*"` in an Allow of a key policy also means AWS service principals. Not documented for KMS;
role trust policies are read alike. False refuses more. In a Deny, and in a resource control policy, it always covers
them."""

EMPTY_STRING_IS_PRESENT = True
"""Whether a tag with an empty value is present for `Null` and `...IfExists`. AWS's text calls an empty string
"null" for set operators only; there the engine follows it."""

POLICY_ARNS_IN_DENIALS = ("service control policy",)
"""The kinds of policy whose ARN follows in the text of an explicit Deny. AWS adds it since January 2026, kind by kind;
for calls of KMS it was observed for service control policies only (May 2026). Only the text depends on it."""

STAR_PRINCIPAL_IGNORES_BOUNDARY = True
"""Whether a key policy that names `*` allows a caller of the key's own account whose permissions boundary or session
policy does not allow the action. AWS documents it for `*` with the condition key aws:PrincipalArn; for other conditions
it is inferred. A refusal published in 2026 (kirodotdev/KiroCrew#10229) is evidence against it, if its key was in the
caller's own account. With False, a boundary limits the guide's same-account additions too. True allows more: the
guide relies on it."""

NOT_PRINCIPAL_NEEDS_EVERY_LEVEL = True
"""Whether a Deny with `NotPrincipal` exempts a caller only if its account, role and session are all listed. AWS
says that it "might" check them one after the other. True refuses more."""

UNRESOLVED_NOT_RESOURCE_ALLOWS = False
"""Whether an Allow whose NotResource holds a variable without a value allows everything. AWS says that such a resource
fits none, which can be read so. False: the statement allows nothing. A Deny of that form denies everything."""
