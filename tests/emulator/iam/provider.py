"""LocalStack's IAM with trust policies checked as IAM does, quotas of inline policies, and the policy simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.iam import policy_validation
from localstack.services.iam.provider import IamProvider

from emulator import errors
from emulator.iam import identities, principals
from emulator.iam.identities import Identity
from emulator.sts import trust
from plerion_kms.authorization.arn import parse_arn
from plerion_kms.authorization.documents import Policy, parse_policy
from plerion_kms.authorization.kinds import PolicyKind
from plerion_kms.authorization.policies import Policies
from plerion_kms.authorization.request import ContextValue, Principal, PrincipalType
from plerion_kms.authorization.simulate import ResourceResult, SimulationResult, simulate
from plerion_kms.authorization.validation import Holder, policy_size, validate_identity_policy, validate_trust_policy

QUOTA_CODE = "LimitExceeded"
MAX_TAGS = 50


class PatchedIamProvider(IamProvider):
    """Checks what LocalStack does not, and answers the simulator's calls from the engine."""

    def _validate_trust_policy(self, policy_document: str) -> dict[str, Any]:
        error = validate_trust_policy(policy_document, principals.exists)
        if error is not None:
            raise errors.from_decision(error)
        return {}

    def create_role(self, context: RequestContext, role_name: str, **members: Any) -> Any:
        answer = super().create_role(context, role_name=role_name, **members)
        _remember_trust_policy(context, role_name, members["assume_role_policy_document"])
        return answer

    def update_assume_role_policy(
        self, context: RequestContext, role_name: str, policy_document: str, **_: Any
    ) -> None:
        super().update_assume_role_policy(context, role_name=role_name, policy_document=policy_document)
        _remember_trust_policy(context, role_name, policy_document)

    def put_role_policy(self, context: RequestContext, role_name: str, policy_name: str, **members: Any) -> None:
        inline = _inline(identities.store(context.account_id).ROLES.get(role_name), policy_name)
        _check_identity_policy(members["policy_document"], Holder.ROLE, inline)
        super().put_role_policy(context, role_name=role_name, policy_name=policy_name, **members)

    def put_user_policy(self, context: RequestContext, user_name: str, policy_name: str, **members: Any) -> None:
        inline = _inline(identities.store(context.account_id).USERS.get(user_name), policy_name)
        _check_identity_policy(members["policy_document"], Holder.USER, inline)
        super().put_user_policy(context, user_name=user_name, policy_name=policy_name, **members)

    def put_group_policy(self, context: RequestContext, group_name: str, policy_name: str, **members: Any) -> None:
        inline = _inline(identities.store(context.account_id).GROUPS.get(group_name), policy_name)
        _check_identity_policy(members["policy_document"], Holder.GROUP, inline)
        super().put_group_policy(context, group_name=group_name, policy_name=policy_name, **members)

    def attach_role_policy(self, context: RequestContext, role_name: str, policy_arn: str, **members: Any) -> None:
        _check_policy_arn(policy_arn)
        super().attach_role_policy(context, role_name=role_name, policy_arn=policy_arn, **members)

    def attach_user_policy(self, context: RequestContext, user_name: str, policy_arn: str, **members: Any) -> None:
        _check_policy_arn(policy_arn)
        super().attach_user_policy(context, user_name=user_name, policy_arn=policy_arn, **members)

    def attach_group_policy(self, context: RequestContext, group_name: str, policy_arn: str, **members: Any) -> None:
        _check_policy_arn(policy_arn)
        super().attach_group_policy(context, group_name=group_name, policy_arn=policy_arn, **members)

    def create_policy(self, context: RequestContext, policy_document: str, **members: Any) -> Any:
        _check_identity_policy(policy_document, Holder.MANAGED)
        return super().create_policy(context, policy_document=policy_document, **members)

    def create_policy_version(self, context: RequestContext, policy_document: str, **members: Any) -> Any:
        _check_identity_policy(policy_document, Holder.MANAGED)
        return super().create_policy_version(context, policy_document=policy_document, **members)

    def get_role(self, context: RequestContext, role_name: str, **_: Any) -> Any:
        answer = super().get_role(context, role_name=role_name)
        return {"Role": _shown(context, answer["Role"])}

    def list_roles(self, context: RequestContext, **members: Any) -> Any:
        answer = super().list_roles(context, **members)
        return answer | {"Roles": [_shown(context, role) for role in answer["Roles"]]}

    def get_instance_profile(self, context: RequestContext, instance_profile_name: str, **_: Any) -> Any:
        answer = super().get_instance_profile(context, instance_profile_name=instance_profile_name)
        return {"InstanceProfile": _profile_shown(context, answer["InstanceProfile"])}

    def list_instance_profiles(self, context: RequestContext, **members: Any) -> Any:
        answer = super().list_instance_profiles(context, **members)
        return answer | {"InstanceProfiles": [_profile_shown(context, each) for each in answer["InstanceProfiles"]]}

    def list_instance_profiles_for_role(self, context: RequestContext, **members: Any) -> Any:
        answer = super().list_instance_profiles_for_role(context, **members)
        return answer | {"InstanceProfiles": [_profile_shown(context, each) for each in answer["InstanceProfiles"]]}

    def update_user(self, context: RequestContext, user_name: str, **members: Any) -> None:
        """A user that moves or is renamed stays the same user; LocalStack leaves the tags at the old ARN."""
        entity = identities.store(context.account_id).USERS.get(user_name)
        former = entity.user["Arn"] if entity else ""
        super().update_user(context, user_name=user_name, **members)
        assert entity is not None
        if entity.user["Arn"] != former:
            tags = identities.store(context.account_id).TAGS
            kept = tags.get_tags(former)
            tags.delete_all_tags(former)
            tags.update_tags(entity.user["Arn"], kept)

    def _update_tags(self, store: Any, arn: str, tags: Any, case_sensitive: bool = True) -> None:
        """The quota is for all tags of an entity, not for those of one request."""
        names = {name if case_sensitive else name.lower() for name in store.TAGS.get_tags(arn)}
        names |= {tag["Key"] if case_sensitive else tag["Key"].lower() for tag in tags or ()}
        if len(names) > MAX_TAGS:
            raise CommonServiceException(
                QUOTA_CODE, "The number of tags has reached the maximum limit.", status_code=409, sender_fault=True
            )
        super()._update_tags(store, arn, tags, case_sensitive)

    def simulate_principal_policy(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        source = request["PolicySourceArn"]
        kind, identity = _source(source)
        own = (*identity.policies, *_given(request, "PolicyInputList", PolicyKind.IDENTITY))
        given = _given(request, "PermissionsBoundaryPolicyInputList", PolicyKind.BOUNDARY)
        principal = Principal(
            kind, identity.arn, identity.arn.split(":")[4], identity.arn, identity.unique_id, identity.tags
        )
        return _simulated(principal, request, own, given[0] if given else identity.boundary)

    def simulate_custom_policy(self, context: RequestContext, **members: Any) -> Any:
        request = context.service_request
        caller = request.get("CallerArn") or f"arn:aws:iam::{context.account_id}:user/simulated"
        principal = Principal(PrincipalType.USER, caller, caller.split(":")[4], caller)
        given = _given(request, "PermissionsBoundaryPolicyInputList", PolicyKind.BOUNDARY)
        own = _given(request, "PolicyInputList", PolicyKind.IDENTITY)
        return _simulated(principal, request, own, given[0] if given else None)


def _remember_trust_policy(context: RequestContext, role_name: str, document: str) -> None:
    principals.remember_document(identities.store(context.account_id).ROLES[role_name], document)


def _shown(context: RequestContext, role: Mapping[str, Any]) -> dict[str, Any]:
    """A role with its trust policy as AWS shows it: a principal that was deleted by its unique id."""
    return {**role, "AssumeRolePolicyDocument": quote(trust.trust_policy(context.account_id, role["RoleName"]))}


def _profile_shown(context: RequestContext, profile: Mapping[str, Any]) -> dict[str, Any]:
    return {**profile, "Roles": [_shown(context, role) for role in profile.get("Roles") or ()]}


def take_scalars_in_conditions() -> None:
    """Let IAM policies have JSON booleans and numbers as condition values, as IAM does; LocalStack expects strings."""
    validator = policy_validation.BaseIAMPolicyValidator
    check = validator._validate_condition_syntax

    def with_texts(statement: dict[str, Any]) -> None:
        check(statement | {"Condition": _as_texts(statement["Condition"])} if "Condition" in statement else statement)

    validator._validate_condition_syntax = staticmethod(with_texts)


def _as_texts(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    return {
        operator: {key: str(value) if isinstance(value, bool | int | float) else value for key, value in keys.items()}
        if isinstance(keys, dict)
        else keys
        for operator, keys in block.items()
    }


def _check_policy_arn(arn: str) -> None:
    """Refuse an invalid ARN in AWS's words (recorded in localstack/localstack's IAM snapshots)."""
    if parse_arn(arn) is None:
        raise errors.validation("Invalid ARN:  Could not be parsed!")


def _inline(entity: Any, replaced: str) -> list[str]:
    """The documents of an entity's other inline policies."""
    policies = entity.inline_policies if entity is not None else {}
    return [identities.document_text(text) for name, text in list(policies.items()) if name != replaced]


def _check_identity_policy(text: str, holder: Holder, others: Sequence[str] = ()) -> None:
    """Refuse what IAM does not store. LocalStack's validator, which has IAM's words, runs first."""
    error = validate_identity_policy(text, holder, sum(policy_size(other) for other in others))
    if error is None:
        return
    if error.code != QUOTA_CODE:
        policy_validation.IAMPolicyDocumentValidator(text).validate()
    raise errors.from_decision(error)


def _source(arn: str) -> tuple[PrincipalType, Identity]:
    account, resource = (arn.split(":", 5) + [""] * 6)[4:6]
    kind, name = resource.partition("/")[0], resource.rpartition("/")[2]
    identity = identities.role(account, name) if kind == "role" else identities.user(account, name)
    if identity is None or identity.arn != arn:
        raise CommonServiceException("NoSuchEntity", f"{arn} does not exist.", status_code=404, sender_fault=True)
    return (PrincipalType.ROLE_SESSION if kind == "role" else PrincipalType.USER), identity


def _given(request: Mapping[str, Any], member: str, kind: PolicyKind) -> tuple[Policy, ...]:
    texts = request.get(member) or ()
    return tuple(parse_policy(text, kind, f"{member}.{number}") for number, text in enumerate(texts, 1))


def _context(request: Mapping[str, Any]) -> dict[str, ContextValue]:
    return {
        entry["ContextKeyName"]: tuple(entry["ContextKeyValues"])
        if entry.get("ContextKeyType", "").endswith("List")
        else entry["ContextKeyValues"][0]
        for entry in request.get("ContextEntries") or ()
        if entry.get("ContextKeyValues")
    }


def _simulated(
    principal: Principal, request: Mapping[str, Any], own: tuple[Policy, ...], boundary: Policy | None
) -> dict[str, Any]:
    resource_policy = request.get("ResourcePolicy")
    policies = Policies(
        identity=own,
        boundary=boundary,
        resource=parse_policy(resource_policy, PolicyKind.KEY, "ResourcePolicy") if resource_policy else None,
    )
    evaluations = simulate(
        principal,
        policies,
        request["ActionNames"],
        request.get("ResourceArns") or ["*"],
        _context(request),
        resource_account=_owner(request),
    )
    return {"EvaluationResults": [_result(evaluation) for evaluation in evaluations], "IsTruncated": False}


def _owner(request: Mapping[str, Any]) -> str:
    owner = request.get("ResourceOwner") or ""
    return owner.split(":")[4] if owner.startswith("arn:") else owner


def _result(evaluation: SimulationResult) -> dict[str, Any]:
    result = {
        "EvalActionName": evaluation.action,
        "EvalResourceName": evaluation.template,
        "EvalDecision": evaluation.answer.value,
        **_reasons(evaluation),
    }
    if [each.resource for each in evaluation.resources] != ["*"]:
        result["ResourceSpecificResults"] = [
            {"EvalResourceName": each.resource, "EvalResourceDecision": each.answer.value, **_reasons(each)}
            for each in evaluation.resources
        ]
    return result


def _reasons(evaluation: SimulationResult | ResourceResult) -> dict[str, Any]:
    return {
        "MatchedStatements": [
            {"SourcePolicyId": matched.policy, "SourcePolicyType": "IAM Policy"} for matched in evaluation.matched
        ],
        "MissingContextValues": list(evaluation.missing),
    }
