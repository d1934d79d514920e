"""KMS grants: whose calls they allow, and who may create children of them and retire them.

Source: KMS developer guide "Grants in AWS KMS", "Retiring and revoking grants"; RULES.md "Grants".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plerion_kms.authorization.context import Context
from plerion_kms.authorization.context_keys import ENCRYPTION_CONTEXT_PREFIX
from plerion_kms.authorization.kms_operations import GRANT_OPERATIONS
from plerion_kms.authorization.policies import Grant
from plerion_kms.authorization.principals import PrincipalMatch
from plerion_kms.authorization.request import Principal, PrincipalType, Request


def matching_grants(
    grants: Iterable[Grant], request: Request, context: Context
) -> Iterable[tuple[Grant, PrincipalMatch]]:
    """The grants that allow the request's action, each with how it names the caller."""
    operation = request.action.partition(":")[2].lower()
    for grant in grants:
        if grant.key_arn != request.resource.arn:
            continue
        if operation not in (name.lower() for name in GRANT_OPERATIONS.intersection(grant.operations)):
            continue
        matched = match_principal(grant.grantee, request.principal)
        if matched is not None and _constraints_hold(grant, operation, request, context):
            yield grant, matched


def match_principal(grantee: str, caller: Principal) -> PrincipalMatch | None:
    """How a grant's grantee or retiring principal means the caller.

    A role covers all its sessions, and an account leaves it to its own identity policies (both inferred).
    """
    if caller.type is PrincipalType.SERVICE:
        return PrincipalMatch.SELF if grantee == caller.arn else None
    if not caller.account:
        return None
    if grantee in (caller.arn, caller.issuer_arn):
        return PrincipalMatch.SELF
    if grantee.endswith(f"::{caller.account}:root") or grantee == caller.account:
        return PrincipalMatch.SELF if caller.type is PrincipalType.ACCOUNT_ROOT else PrincipalMatch.ACCOUNT
    return None


def right_to_retire(grant: Grant, caller: Principal) -> PrincipalMatch | None:
    """Whether the caller may retire the grant: its retiring principal, its grantee if RetireGrant is among its
    operations, and the account that created it (whose users and roles need an identity policy as well: inferred)."""
    rights = [match_principal(grant.retiring, caller)] if grant.retiring else []
    if "RetireGrant" in grant.operations:
        rights.append(match_principal(grant.grantee, caller))
    if caller.account and caller.account == grant.issuing_account:
        rights.append(PrincipalMatch.SELF if caller.type is PrincipalType.ACCOUNT_ROOT else PrincipalMatch.ACCOUNT)
    return max((right for right in rights if right is not None), default=None)


def validate_child_grant(
    parent: Grant,
    operations: Iterable[str],
    equals: Mapping[str, str] | None = None,
    subset: Mapping[str, str] | None = None,
    source_arn: str = "",
) -> str | None:
    """Whether a grant may be created by use of `parent`: None if it may, else what is wrong.

    Its operations must be among the parent's, and its constraints as strict or stricter.
    """
    extra = sorted(set(operations) - set(parent.operations))
    if extra:
        return f"the grant does not hold {', '.join(extra)}"
    if parent.equals is not None and (equals is None or not _equal(parent.equals, equals)):
        return "its encryption context constraint must equal the parent's"
    if parent.subset is not None:
        stricter = [pairs for pairs in (equals, subset) if pairs is not None and _included(parent.subset, pairs)]
        if not stricter:
            return "its encryption context constraint must include the parent's"
    if parent.source_arn and source_arn != parent.source_arn:
        return "its SourceArn constraint must be the parent's"
    return None


type _Pairs = Mapping[str, str]
"""Pairs of an encryption context, or of a constraint on it."""


def _equal(constraint: _Pairs, pairs: _Pairs) -> bool:
    return _by_name(constraint) == _by_name(pairs)


def _included(constraint: _Pairs, pairs: _Pairs) -> bool:
    found = _by_name(pairs)
    return all(found.get(name) == values for name, values in _by_name(constraint).items())


def _by_name(pairs: _Pairs) -> dict[str, list[str]]:
    """The values by name, names compared case-insensitively: "the key in each key-value pair is not case sensitive, but
    the value is" (KMS API reference, GrantConstraints). AWS does not document which value applies if names differ in
    case alone: here all of their values must agree, which refuses more."""
    values: dict[str, list[str]] = {}
    for name, value in pairs.items():
        values.setdefault(name.lower(), []).append(value)
    return {name: sorted(found) for name, found in values.items()}


def _constraints_hold(grant: Grant, operation: str, request: Request, context: Context) -> bool:
    if grant.source_arn and context.get("aws:SourceArn") != grant.source_arn:
        return False  # as if the grant had aws:SourceArn as its condition (KMS API reference, GrantConstraints)
    pairs = _encryption_context(request)
    if operation == "creategrant":
        operations = context.get("kms:GrantOperations")
        if operations is None:
            return False
        constraints = context.get("kms:GrantConstraintType")
        types = {constraints} if isinstance(constraints, str) else set(constraints or ())
        on_context = types - {"SourceArn"}
        equals = pairs if on_context == {"EncryptionContextEquals"} else None
        subset = pairs if on_context == {"EncryptionContextSubset"} else None
        source = str(context.get("kms:GrantConstraintSourceArn") or "")
        return validate_child_grant(grant, operations, equals, subset, source) is None
    if operation == "describekey":
        return True  # it has no encryption context, and AWS ignores the constraints on it
    if grant.equals is not None and not _equal(grant.equals, pairs):
        return False
    return grant.subset is None or _included(grant.subset, pairs)


def _encryption_context(request: Request) -> dict[str, str]:
    """The pairs of the request's encryption context, whose names keep their case."""
    start = len(ENCRYPTION_CONTEXT_PREFIX)
    return {
        key[start:]: value
        for key, value in request.context.items()
        if key.lower().startswith(ENCRYPTION_CONTEXT_PREFIX) and isinstance(value, str)
    }
