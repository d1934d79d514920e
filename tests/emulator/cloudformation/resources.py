"""The resources of CloudFormation stacks: a stack is complete only if everything in its template was created.

LocalStack fetches templates from any address, reports types and properties that it ignores as created and updates that
it ignores as done, and recreates a role whose trust policy changes. Here a stack holds the types and properties of one
table, and fails at anything else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.engine.v2 import change_set_resource_support_checker as support_checker
from localstack.services.cloudformation.engine.v2.change_set_model_executor import ChangeSetModelExecutor
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProviderExecutor,
    convert_payload,
)
from localstack.services.cloudformation.v2 import provider
from localstack.utils.catalog.common import CloudFormationResourcesSupportAtRuntime


@dataclass(frozen=True, slots=True)
class Offered:
    """A type that a stack may hold.

    properties: those that are created.
    updated: those of them that a later template may change in place.
    name: the property that CloudFormation generates if a template leaves it out.
    """

    properties: frozenset[str]
    updated: frozenset[str] = frozenset()
    name: str = ""


def _offered(properties: str, updated: str = "", name: str = "") -> Offered:
    return Offered(frozenset(properties.split()), frozenset(updated.split()), name)


RESOURCE_TYPES = {
    "AWS::IAM::InstanceProfile": _offered("InstanceProfileName Path Roles", name="InstanceProfileName"),
    "AWS::IAM::ManagedPolicy": _offered(
        "Groups ManagedPolicyName PolicyDocument Roles Users", name="ManagedPolicyName"
    ),
    "AWS::IAM::Policy": _offered("Groups PolicyDocument PolicyName Roles Users", "PolicyDocument"),
    "AWS::IAM::Role": _offered(
        "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration Path PermissionsBoundary Policies "
        "RoleName Tags",
        "AssumeRolePolicyDocument",
        "RoleName",
    ),
}


class HonestExecutor(ChangeSetModelExecutor):
    """Ends the work on a stack that fails. LocalStack reports a failed update as complete (UpdateStack) or as rolled
    back (a change set), rolls nothing back, and reports a stack as deleted whose resources are still there."""

    def execute(self) -> Any:
        change_set = self._change_set
        doing = change_set.stack.status.partition("_")[0]  # not the type of the change set: UpdateStack's says CREATE
        result = super().execute()
        failed = [name for name, resource in result.resources.items() if "FAILED" in resource.get("ResourceStatus", "")]
        reason = result.failure_message or (f"The resources {', '.join(failed)} failed." if failed else "")
        if not reason or (doing == "CREATE" and failed):  # the resources of a new stack say why they failed
            if doing != "DELETE":
                _remember(change_set, result)
            return result
        change_set.stack.set_stack_status(f"{doing}_FAILED", reason)
        change_set.set_execution_status("EXECUTE_FAILED")
        raise RuntimeError(reason)


def _remember(change_set: Any, result: Any) -> None:
    """Note on the stack what it has become. LocalStack does so after it has called the stack complete.

    A call in between, such as DeleteStack, would work on the stack as it was.
    """
    stack = change_set.stack
    stack.template, stack.template_body = change_set.template, change_set.template_body
    stack.processed_template = change_set.processed_template
    stack.resolved_parameters = change_set.resolved_parameters
    stack.resolved_resources, stack.resolved_outputs = result.resources, result.outputs


def make_only_what_is_offered() -> None:
    """Put the table between CloudFormation and LocalStack's resource providers."""
    load, execute = ResourceProviderExecutor.try_load_resource_provider, ResourceProviderExecutor.execute_action

    def load_offered(resource_type: str) -> Any:
        return load(resource_type) if resource_type in RESOURCE_TYPES else None

    def execute_offered(executor: Any, maker: Any, payload: Mapping[str, Any]) -> Any:
        try:
            problem = _problem(payload)
            if problem:
                return ProgressEvent(OperationStatus.FAILED, resource_model={}, message=problem)
            if payload["action"] != "Add":
                change = _delete if payload["action"] == "Remove" else _update
                return change(convert_payload(executor.stack_name, executor.stack_id, payload), maker)
        except Exception as error:
            return ProgressEvent(OperationStatus.FAILED, resource_model={}, message=str(error))
        return execute(executor, maker, payload)

    def status(_: Any, resource_type: str) -> Any:
        supported = CloudFormationResourcesSupportAtRuntime
        return supported.AVAILABLE if resource_type in RESOURCE_TYPES else supported.NOT_IMPLEMENTED

    def message(resource_type: str, _: Any) -> str:
        return f"the emulator does not make {resource_type}."

    support_checker.ChangeSetResourceSupportChecker._resource_support_status = status
    support_checker._build_resource_failure_message = message
    provider.ChangeSetModelExecutor = HonestExecutor
    ResourceProviderExecutor.try_load_resource_provider = staticmethod(load_offered)
    ResourceProviderExecutor.execute_action = execute_offered


def _problem(payload: Mapping[str, Any]) -> str:
    """Why the emulator refuses this, empty if it does not."""
    kind, data = payload["resourceType"], payload["requestData"]
    offered = RESOURCE_TYPES[kind]
    after, before = data.get("resourceProperties") or {}, data.get("previousResourceProperties") or {}
    if payload["action"] == "Remove":
        return ""
    if payload["action"] == "Add":
        others = after.keys() - offered.properties
        return f"The emulator does not make {', '.join(sorted(others))} of {kind}." if others else ""
    changed = {
        name for name in (after.keys() | before.keys()) & offered.properties if after.get(name) != before.get(name)
    }
    others = changed - offered.updated - ({offered.name} if offered.name not in after else set())
    others |= after.keys() - before.keys() - offered.properties
    return f"The emulator does not update {', '.join(sorted(others))} of {kind}." if others else ""


def _delete(request: Any, maker: Any) -> Any:
    """Delete a resource; one that does not exist is deleted. For LocalStack every error whose text contains `404` means
    that, also the refusal of a caller whose account number does."""
    try:
        return maker.delete(request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return ProgressEvent(OperationStatus.SUCCESS, resource_model={})


def _update(request: Any, maker: Any) -> Any:
    if request.resource_type == "AWS::IAM::Policy":
        return maker.update(request)
    document = json.dumps(request.desired_state["AssumeRolePolicyDocument"])
    request.aws_client_factory.iam.update_assume_role_policy(
        RoleName=request.previous_state["RoleName"], PolicyDocument=document
    )
    model = {**request.previous_state, **request.desired_state}
    return ProgressEvent(OperationStatus.SUCCESS, resource_model=model)
