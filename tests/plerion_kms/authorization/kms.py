"""KMS: which permissions an API operation needs, on which keys, with which context keys.

Source: RULES.md "KMS API level"; KMS developer guide "AWS KMS permissions".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from plerion_kms.authorization.arn import parse_arn
from plerion_kms.authorization.caller import Caller
from plerion_kms.authorization.decision import AwsError, Decision, Source, first_refusal
from plerion_kms.authorization.documents import parse_policy
from plerion_kms.authorization.engine import decide, refuse_unsupported
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.kms_call import Key, KmsCall
from plerion_kms.authorization.kms_context import call_context
from plerion_kms.authorization.kms_operations import OPERATIONS, KeyId, On, Permission
from plerion_kms.authorization.messages import CIPHERTEXT, NO_RESOURCE, Refusal, Wording, access_denied, wording_for
from plerion_kms.authorization.request import Request, Resource

RESERVED_ALIASES = "alias/aws/"
"""The start of the names that only AWS gives, to AWS managed keys. Source: KMS API reference, CreateAlias."""

_ALIAS_OR_NOTHING = {On.ALIAS, On.NOTHING, On.RETIRING_PRINCIPAL}


def authorize_call(caller: Caller, call: KmsCall) -> Decision:
    """Decide all the permissions that the call needs, in AWS's order: the first refusal, else the first that is
    undecided, else the last allow.

    An operation that the table does not know is refused and named. A key of the caller's own account that does not
    exist, or that the operation does not take by its alias, is refused with NotFoundException; a missing key of another
    account is refused as if it were forbidden.
    """
    return _fail_closed(caller, call, lambda: _authorize(caller, call))


def authorize_permission(caller: Caller, call: KmsCall, permission: Permission) -> Decision:
    """Decide one of the permissions that the call needs, on the key that call.keys has for it.

    caller: who makes the call.
    call: the call, its keys already resolved.
    permission: one of `permissions(call.operation)`.
    Total, as `authorize_call` is.
    """
    return _fail_closed(caller, call, lambda: _decide_permission(caller, call, permission))


def _fail_closed(caller: Caller, call: KmsCall, decide_call: Callable[[], Decision]) -> Decision:
    """The decision; a refusal of an unknown operation, or of a call that raises an error of ours."""
    request = Request(caller.principal, f"kms:{call.operation}", Resource("*", call.account))
    if call.operation not in OPERATIONS:
        return refuse_unsupported(request, f"the KMS operation {call.operation!r}")
    try:
        return decide_call()
    except Exception as error:  # an error of ours must never become an allow, nor a crash of the caller
        return refuse_unsupported(request, f"the call: {type(error).__name__} while reading it")


def lockout(caller: Caller, key: Key, new_policy: str, region: str, *, bypass: bool = False) -> AwsError | None:
    """The lockout safety check: KMS's error if the caller could not put the key policy again once `new_policy` is in
    force, else None.

    It is the full decision of kms:PutKeyPolicy with the new policy, the caller's own policies included, on `key` (for
    CreateKey and ReplicateKey: the key that will be created). bypass: BypassPolicyLockoutSafetyCheck was sent.
    Source: KMS developer guide "Default key policy"; RULES.md "Document validation".
    """
    if bypass:
        return None
    changed = replace(key, policy=parse_policy(new_policy, PolicyKind.KEY, "new key policy"), grants=())
    call = KmsCall("PutKeyPolicy", {"KeyId": key.arn}, region, caller.principal.account, {"key": changed})
    if authorize_call(caller, call).allowed:
        return None
    text = "The new key policy will not allow you to update the key policy in the future."
    return AwsError("MalformedPolicyDocumentException", 400, text)


def _authorize(caller: Caller, call: KmsCall) -> Decision:
    operation = OPERATIONS[call.operation]
    alias = str(call.parameters.get("AliasName") or "")
    if alias.split(":", 5)[-1].startswith(RESERVED_ALIASES):
        return _reserved(alias)
    for member in operation.key_members:
        key_id = str(call.parameters.get(member) or "")
        if KeyId.ALIAS not in operation.key_ids and key_id.split(":", 5)[-1].startswith("alias/"):
            return _not_found(f"Invalid keyId '{key_id}'")
    return first_refusal(
        _decide_permission(caller, call, permission)
        for permission in operation.permissions
        if not permission.when or call.parameters.get(permission.when)
    )


def _decide_permission(caller: Caller, call: KmsCall, permission: Permission) -> Decision:
    if permission.on in _ALIAS_OR_NOTHING:
        return _on_no_key(caller, call, permission)
    return _on_key(caller, call, permission, call.keys.get(permission.on.value))


def _on_no_key(caller: Caller, call: KmsCall, permission: Permission) -> Decision:
    arn = "*"
    if permission.on is On.ALIAS:
        arn = f"arn:{_partition(call.region)}:kms:{call.region}:{call.account}:{call.parameters['AliasName']}"
    elif permission.on is On.RETIRING_PRINCIPAL:
        arn = str(call.parameters.get("RetiringPrincipal") or call.parameters.get("RetiringServicePrincipal"))
    context = dict(caller.context) | call_context(call, permission, None)
    if call.operation == "ReplicateKey":
        context["aws:RequestedRegion"] = str(call.parameters["ReplicaRegion"])
    parsed = parse_arn(arn)
    owner = parsed.account if parsed else call.account
    request = Request(caller.principal, permission.action, Resource(arn, owner), context)
    if parsed is None and arn != "*":
        return refuse_unsupported(request, f"the retiring principal {arn!r}")
    if owner != call.account:
        error = access_denied(request, Refusal.UNREACHABLE, Source.NOT_CROSS_ACCOUNT, wording_for(request))
        return Decision(False, Source.NOT_CROSS_ACCOUNT, f"{arn} is not in the caller's account", error)
    return decide(request, caller.policies(), NO_RESOURCE if permission.when else wording_for(request))


def _on_key(caller: Caller, call: KmsCall, permission: Permission, key: Key | None) -> Decision:
    if key is None:
        return _no_such_key(caller, call, permission)
    context = call_context(call, permission, key) | dict(caller.context)
    request = Request(caller.principal, permission.action, Resource(key.arn, key.account, key.tags), context)
    grants = key.grants
    if call.operation == "RetireGrant":
        if call.grant is None:
            return _not_found(f"Grant ID {call.parameters.get('GrantId', '')} not found")
        grants = (call.grant,)
    policies = caller.policies(key.policy, grants, () if key.aws_managed else key.resource_control)
    return decide(request, policies, _wording(call, permission, request))


def _wording(call: KmsCall, permission: Permission, request: Request) -> Wording:
    from_ciphertext = call.ciphertext_only and permission.on in (On.KEY, On.SOURCE)
    cross_account = request.resource.account != request.principal.account
    return CIPHERTEXT if from_ciphertext and cross_account else wording_for(request)


def _no_such_key(caller: Caller, call: KmsCall, permission: Permission) -> Decision:
    key_id = str(call.parameters.get(OPERATIONS[call.operation].keys[permission.on]) or "")
    if permission.on is On.REPLICA:
        call = replace(call, region=str(call.parameters.get("PrimaryRegion")))
        key_id = key_id.rpartition("/")[2]
    arn = key_id.split(":", 5)
    from_ciphertext = call.ciphertext_only and permission.on in (On.KEY, On.SOURCE)
    if not from_ciphertext and (len(arn) < 6 or arn[4] == call.account):
        return _not_found(_not_found_text(call, key_id))
    wording = CIPHERTEXT if from_ciphertext else Wording(f" on resource: {key_id}")
    request = Request(caller.principal, permission.action, Resource(key_id, arn[4] if len(arn) > 4 else ""))
    error = access_denied(request, Refusal.UNREACHABLE, Source.KEY_POLICY, wording)
    return Decision(False, Source.KEY_POLICY, f"there is no key {key_id!r}", error)


def _reserved(alias: str) -> Decision:
    """The code is AWS's, whose text is empty (as getmoto/moto's tests of KMS have it); the text here is ours."""
    text = (
        f"The alias {alias} cannot be created, updated or deleted: {RESERVED_ALIASES} is reserved for AWS managed keys."
    )
    return Decision(False, Source.REQUEST, text, AwsError("NotAuthorizedException", 400, text))


def _not_found(text: str) -> Decision:
    return Decision(False, Source.KEY_POLICY, text, AwsError("NotFoundException", 400, text))


def _not_found_text(call: KmsCall, key_id: str) -> str:
    prefix = f"arn:{_partition(call.region)}:kms:{call.region}:{call.account}:"
    if key_id.startswith("arn:"):
        region = key_id.split(":")[3]
        if region != call.region:
            return f"Invalid arn {region}"
        return f"Alias {key_id} is not found." if ":alias/" in key_id else f"Key '{key_id}' does not exist"
    if key_id.startswith("alias/"):
        return f"Alias {prefix}{key_id} is not found."
    return f"Key '{prefix}key/{key_id}' does not exist" if _looks_like_an_id(key_id) else f"Invalid keyId '{key_id}'"


def _looks_like_an_id(key_id: str) -> bool:
    return key_id.startswith("mrk-") or (len(key_id) == 36 and key_id.count("-") == 4)


def _partition(region: str) -> str:
    for prefix in ("cn", "us-gov", "us-iso"):
        if region.startswith(f"{prefix}-"):
            return {"cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso"}[prefix]
    return "aws"
