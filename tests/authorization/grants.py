"""KMS grants: whom they serve, for what, and who may create children of them and retire them.

Source: KMS developer guide "Grants in AWS KMS", "Retiring and revoking grants"; authorization.md "Grants".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from authorization.context import Context
from authorization.context_keys import ENCRYPTION_CONTEXT_PREFIX
from authorization.kms_operations import GRANT_OPERATIONS
from authorization.policies import Grant
from authorization.principals import Named
from authorization.request import Principal, PrincipalType, Request

_WITHOUT_CONSTRAINTS = ("describekey", "retiregrant")
"""Operations for which AWS ignores a grant's constraints."""


def matching_grants(grants: Iterable[Grant], request: Request, context: Context) -> Iterable[tuple[Grant, Named]]:
    """The grants that allow the request's action, each with how it names the caller."""
    operation = request.action.partition(":")[2].lower()
    for grant in grants:
        if grant.key_arn != request.resource.arn:
            continue
        if operation not in (name.lower() for name in GRANT_OPERATIONS.intersection(grant.operations)):
            continue
        named = names(grant.grantee, request.principal)
        if named is not None and _constraints_hold(grant, operation, request, context):
            yield grant, named


def names(grantee: str, caller: Principal) -> Named | None:
    """How a grant's grantee or retiring principal means the caller.

    A role covers all its sessions, and an account leaves it to its own identity policies (both inferred).
    """
    if caller.type is PrincipalType.SERVICE:
        return Named.SELF if grantee == caller.arn else None
    if not caller.account:
        return None
    if grantee in (caller.arn, caller.issuer_arn):
        return Named.SELF
    if grantee.endswith(f"::{caller.account}:root") or grantee == caller.account:
        return Named.SELF if caller.type is PrincipalType.ACCOUNT_ROOT else Named.ACCOUNT
    return None


def right_to_retire(grant: Grant, caller: Principal) -> Named | None:
    """Whether the caller may retire the grant: its retiring principal, its grantee if RetireGrant is among its
    operations, and the account that created it (whose users and roles need an identity policy as well: inferred)."""
    rights = [names(grant.retiring, caller)] if grant.retiring else []
    if "RetireGrant" in grant.operations:
        rights.append(names(grant.grantee, caller))
    if caller.account and caller.account == grant.issuing_account:
        rights.append(Named.SELF if caller.type is PrincipalType.ACCOUNT_ROOT else Named.ACCOUNT)
    return max((right for right in rights if right is not None), default=None)


def validate_child_grant(
    parent: Grant,
    operations: Iterable[str],
    equals: Mapping[str, str] | None = None,
    subset: Mapping[str, str] | None = None,
) -> str | None:
    """Whether a grant may be created by use of `parent`: None if it may, else what is wrong.

    Its operations must be among the parent's, and its constraints as strict or stricter.
    """
    extra = sorted(set(operations) - set(parent.operations))
    if extra:
        return f"the grant does not hold {', '.join(extra)}"
    if parent.equals is not None and equals != parent.equals:
        return "its encryption context constraint must equal the parent's"
    if parent.subset is not None:
        stricter = [pairs for pairs in (equals, subset) if pairs is not None and parent.subset.items() <= pairs.items()]
        if not stricter:
            return "its encryption context constraint must include the parent's"
    return None


def _constraints_hold(grant: Grant, operation: str, request: Request, context: Context) -> bool:
    pairs = _encryption_context(request)
    if operation == "creategrant":
        operations = context.get("kms:GrantOperations")
        if operations is None:
            return False
        constraint = context.get("kms:GrantConstraintType")
        equals = pairs if constraint == "EncryptionContextEquals" else None
        subset = pairs if constraint == "EncryptionContextSubset" else None
        return validate_child_grant(grant, operations, equals, subset) is None
    if operation in _WITHOUT_CONSTRAINTS:
        return True
    if grant.equals is not None and pairs != grant.equals:
        return False
    return grant.subset is None or grant.subset.items() <= pairs.items()


def _encryption_context(request: Request) -> dict[str, str]:
    """The pairs of the request's encryption context, whose names keep their case: constraints are case-sensitive."""
    start = len(ENCRYPTION_CONTEXT_PREFIX)
    return {
        key[start:]: value
        for key, value in request.context.items()
        if key.lower().startswith(ENCRYPTION_CONTEXT_PREFIX) and isinstance(value, str)
    }
