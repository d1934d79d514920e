"""CloudFormation calls. What a stack then does is authorized call by call, for the caller that asked for the stack.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS CloudFormation".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from localstack.services.cloudformation.engine.template_preparer import parse_template
from localstack.services.cloudformation.models import cloudformation_stores

from emulator import errors
from emulator.by_identity import decide, request_tags
from emulator.call import Call
from emulator.iam.authorizer import pass_role
from plerion_kms.authorization.decision import Decision, first_refusal
from plerion_kms.authorization.request import ContextValue, Resource

CONDITION_KEYS = {
    "cloudformation:ChangeSetName": "ChangeSetName",
    "cloudformation:RoleArn": "RoleARN",
    "cloudformation:TemplateUrl": "TemplateURL",
}
NEED_A_STACK = {"DeleteStack", "DescribeStackEvents", "DescribeStackResources", "GetTemplate", "UpdateStack"}
CHANGE_SET = re.compile(r"arn:aws:cloudformation:[a-z0-9-]+:[0-9]{12}:changeSet/([^/]+)/.+")


def authorize(call: Call) -> Decision:
    """Ask the engine for each permission that the call needs, on the stack that it names."""
    return first_refusal(_decisions(call))


def check_stack(call: Call) -> None:
    """Raise ValidationError for what LocalStack answers with status 500: no stack name, the ARN of an unknown stack, a
    malformed template."""
    name = str(call.parameters.get("StackName") or "")
    if not name and call.operation in NEED_A_STACK:
        raise errors.validation("StackName must be specified.")
    if name.startswith("arn:") and name not in dict(_stacks(call)):
        raise errors.validation(f"Stack with id {name} does not exist")
    if call.parameters.get("TemplateBody"):
        _check_template(call.parameters["TemplateBody"])


def _decisions(call: Call) -> Iterator[Decision]:
    parameters = call.parameters
    context: dict[str, ContextValue] = {
        key: parameters[member] for key, member in CONDITION_KEYS.items() if parameters.get(member)
    }
    resource = Resource(_stack_arn(call), call.caller_account)
    yield decide(call, f"cloudformation:{call.operation}", resource, context | request_tags(call))
    if call.operation == "DescribeStacks" and resource.arn == "*":
        yield decide(call, "cloudformation:ListStacks", resource, {})
    if parameters.get("RoleARN"):
        yield pass_role(call, parameters["RoleARN"], "cloudformation.amazonaws.com")


def _stack_arn(call: Call) -> str:
    """The ARN of the stack with its id; `*` in place of the id if it does not exist."""
    prefix = f"arn:aws:cloudformation:{call.region}:{call.caller_account}:"
    name = str(call.parameters.get("StackName") or "")
    change_set = str(call.parameters.get("ChangeSetName") or "")
    for arn in (name, change_set):
        if arn.startswith("arn:") and not arn.startswith(prefix):
            raise errors.access_denied(f"{arn} is not in the caller's account and Region.", "query")
    if name.startswith("arn:"):
        return name
    made = CHANGE_SET.fullmatch(change_set)
    if not name and made is None:
        return "*"
    for stack_id, stack in _stacks(call):
        if stack.stack_name == name or (made is not None and change_set in stack.change_set_ids):
            return stack_id
    return f"{prefix}stack/{name or '*'}/*"


def _stacks(call: Call) -> Iterator[tuple[str, Any]]:
    if call.caller_account in cloudformation_stores and call.region in cloudformation_stores[call.caller_account]:
        yield from list(cloudformation_stores[call.caller_account][call.region].stacks_v2.items())


def _check_template(text: str) -> None:
    """The form of a template, in CloudFormation's words."""
    try:
        template = parse_template(text)
    except Exception as error:
        raise errors.validation("Template format error: YAML not well-formed.") from error
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(template, dict):
        raise errors.validation("Template format error: unsupported structure.")
    if not isinstance(resources, dict) or not resources:
        raise errors.validation("Template format error: At least one Resources member must be defined.")
    for name, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise errors.validation(
                f"Template format error: [/Resources/{name}] Every Resources object must contain a Type."
            )
        if not isinstance(resource.get("Properties", {}), dict):
            raise errors.validation(f"Template format error: [/Resources/{name}/Properties] is not an object.")
