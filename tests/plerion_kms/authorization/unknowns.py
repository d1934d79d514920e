"""What nobody outside AWS knows, and the choice that this engine makes for each: always the one that refuses more,
unless it says otherwise.

Every name here is read by the rule that it decides. Source of the list: authorization.md "Open items (unknown)" and the
rules graded [U]; where a choice is only a way of doing it and no switch, it is a sentence for the documentation.
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

RETIRE_GRANT_DENY_IN_KEY_POLICY = "refuses"
"""What a Deny of kms:RetireGrant in a key policy does. AWS says that the permission "is not effective in a key policy",
and speaks of Allow. Here the Deny counts, which refuses more."""

GRANTEE_RECREATED = "is another principal"
"""Whether a grant to a role or user serves an entity of the same name that was made after the first was deleted. For
policies AWS says that it does not; for grants nothing is documented. Here it does not either, which refuses more."""

CROSS_ACCOUNT_GRANT_NEEDS_IDENTITY_POLICY = True
"""Whether a grant that was issued by an account other than the caller's needs an identity policy of the caller as well.

Inferred from "key trust" in KMS's policy evaluation; no test is published. True refuses more."""

STAR_PRINCIPAL_COVERS_SERVICES = False
"""Whether `"Principal": "*"` in an Allow of a key policy also means AWS service principals. Not documented for KMS;
role trust policies are read alike. False refuses more. In a Deny, and in a resource control policy, it always covers
them."""

OPERATOR_NAMES = "in any letter case"
"""Whether `stringequals` is the operator `StringEquals`. Not documented. Both are taken as the same: what was meant is
plain, and nothing more is allowed than was written."""

EMPTY_STRING_IS_PRESENT = True
"""Whether a tag with an empty value counts as present for `Null` and `...IfExists`. AWS's text calls an empty string
"null" for set operators only; there the engine follows it."""

NON_ASCII_CASE = "Unicode lower case"
"""How `...IgnoreCase` and condition key names compare letters beyond ASCII: by Unicode lower case. Not documented."""

DUPLICATE_TAG_KEYS = "exact case first, then the first in alphabetical order"
"""Which value counts where a key carries tags whose names differ in case only. AWS says that one of them matches, "but
not both"."""

CROSS_ACCOUNT_UNSUPPORTED_ERROR = "as a key that cannot be reached"
"""The error for an operation that does not work across accounts: the engine gives the text that AWS gives for a key of
another account that is missing or forbidden, because it tells the caller nothing."""

FEDERATED_IN_KEY_POLICY = "unsupported"
"""`{"Federated": ...}` in a key policy: what it would match is not documented for KMS. Its statement is read both
ways."""

BOOL_TAKES_VARIABLES = False
"""Whether `Bool` takes policy variables: AWS's two pages disagree. False: such a condition is unsupported."""

TYPE_MISMATCH = "unsupported"
"""A numeric, date, or IP operator that meets a context value of another type: not documented, so the condition is read
both ways."""

REENCRYPT_CHECK_ORDER = ("source", "destination")
"""Which half of ReEncrypt is checked first. It only decides which of two errors is shown."""

POLICY_ARNS_IN_DENIALS = ("service control policy",)
"""The kinds of policy whose ARN follows in the text of an explicit Deny. AWS adds it since January 2026, kind by kind;
for calls of KMS it was seen for service control policies only (May 2026). Only the text depends on it."""

STAR_PRINCIPAL_IGNORES_BOUNDARY = True
"""Whether a key policy that names `*` lets in a caller of the key's own account whose permissions boundary or session
policy does not allow the action. AWS says so for `*` with the condition key aws:PrincipalArn; for other conditions it
is inferred. A refusal published in 2026 (kirodotdev/KiroCrew#10229) is evidence against it, if its key was in the
caller's own account. With False, a boundary limits the guide's same-account additions too. True allows more: the
guide relies on it."""

LEGACY_CIPHERTEXT_ERROR = False
"""Whether the error for a ciphertext without key id is the text that AWS used until 2022 ("The ciphertext refers to a
customer master key that does not exist ..."). Only the text depends on it."""

NOT_PRINCIPAL_NEEDS_EVERY_LEVEL = True
"""Whether a Deny with `NotPrincipal` spares a caller only if its account, its role, and its session are all listed. AWS
says that it "might" check them one after the other. True refuses more."""

STAR_RUNS_ON = "only where it leads to a refusal"
"""Whether a star in a Resource that has fewer than six parts (`arn:aws:kms:*:key/*`) reaches over colons. AWS says that
a star at the end of a part "can", and also that missing parts are completed with stars, which is something else. It
reaches over colons in the Resource of a Deny and in the NotResource of an Allow."""

UNRESOLVED_NOT_RESOURCE_ALLOWS = False
"""Whether an Allow whose NotResource holds a variable without a value allows everything. AWS says that such a resource
fits none, which can be read so. False: the statement allows nothing. A Deny of that form denies everything."""

WILDCARDS_IN_DEFAULTS = "plain characters"
"""Whether a star in the default of a policy variable is a wildcard. Not documented. As a plain character it allows
less."""

RECIPIENT_ATTESTATION = "unsupported"
"""Conditions on `kms:RecipientAttestation:...` where an attestation document came with the call: AWS documents them,
this engine does not read such documents, so that the condition is read both ways. Without a document the keys are
absent, as AWS says."""
