"""A StackSet's template as plain stacks: what CloudFormation does in each account that the StackSet is rolled out to.

The emulator has no AWS Organizations and therefore no StackSets. Terraform plans the StackSet; the template and the
parameters of that plan become a stack in each account.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from harness.aws.principals import Principal
from harness.errors import HarnessError
from harness.terraform.runner import Applied, PlannedChange, Terraform

STACK = "StackSet-plerion-kms"
ACTIONS = {"Add": "create", "Modify": "update", "Remove": "delete"}
PATIENCE: Mapping[str, Any] = {"Delay": 0.2, "MaxAttempts": 150}

# What the caller needs in addition to the permissions for the template's resources.
STACK_ALLOW: Sequence[str] = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
)


class Stack:
    """The stack of one account. A change set is its plan.

    terraform: runs the example that defines the StackSet. maker: the principal that makes the stack in its account.
    """

    def __init__(self, terraform: Terraform, maker: Principal) -> None:
        self._terraform = terraform
        self._maker = maker
        self._change_sets = 0

    def plan(self, **variables: Any) -> list[PlannedChange]:
        """What an apply would change, by the template's logical names; an empty list if nothing.

        Raises TerraformError, and HarnessError if CloudFormation refuses the template.
        """
        stack_sets = planned_stack_sets(self._terraform.plan_document(**variables))
        if len(stack_sets) != 1:
            raise HarnessError(f"The plan holds {len(stack_sets)} StackSets: give the example one target.")
        (stack_set,) = stack_sets.values()
        self._change_sets += 1
        self._client.create_change_set(
            **self._change_set,
            ChangeSetType="UPDATE" if self._is_made() else "CREATE",
            TemplateBody=stack_set["template_body"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in stack_set["parameters"].items()
            ],
            Capabilities=stack_set["capabilities"],
        )
        try:
            self._wait("change_set_create_complete", **self._change_set)
        except WaiterError as error:
            reason = error.last_response.get("StatusReason", "")
            if "didn't contain changes" in reason:
                return []
            raise HarnessError(f"CloudFormation refuses the template: {reason}") from error
        changes = self._client.describe_change_set(**self._change_set)["Changes"]
        return [_planned(change["ResourceChange"]) for change in changes]

    def apply(self, **variables: Any) -> Applied:
        """Plan, and make what was planned; the outputs are the stack's. Raises TerraformError and HarnessError."""
        changes = self.plan(**variables)
        if changes:
            self._execute()
        return Applied(changes, outputs_of(self._client))

    def _execute(self) -> None:
        done = "stack_update_complete" if self._is_made() else "stack_create_complete"
        made = self._client.describe_change_set(**self._change_set)["ChangeSetId"]
        self._client.execute_change_set(**self._change_set)
        try:
            self._wait(done, StackName=STACK)
        except WaiterError as error:
            raise HarnessError(f"CloudFormation could not make the stack: {error.last_response}") from error
        outputs_of(self._client, made)

    def state_addresses(self) -> list[str]:
        """The logical names of the resources that the stack holds."""
        if not self._is_made():
            return []
        resources = self._client.describe_stack_resources(StackName=STACK)["StackResources"]
        return [resource["LogicalResourceId"] for resource in resources]

    def destroy(self) -> None:
        """Delete the stack with its resources."""
        self._client.delete_stack(StackName=STACK)
        self._wait("stack_delete_complete", StackName=STACK)

    @property
    def _client(self) -> Any:
        return self._maker.client("cloudformation")

    @property
    def _change_set(self) -> dict[str, str]:
        return {"StackName": STACK, "ChangeSetName": f"plan-{self._change_sets}"}

    def _is_made(self) -> bool:
        try:
            stack = self._client.describe_stacks(StackName=STACK)["Stacks"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            return False
        # The status of a stack before its first change set is executed.
        return bool(stack["StackStatus"] != "REVIEW_IN_PROGRESS")

    def _wait(self, waiter: str, **parameters: str) -> None:
        self._client.get_waiter(waiter).wait(**parameters, WaiterConfig=dict(PATIENCE))


def outputs_of(client: Any, change_set_id: str | None = None) -> dict[str, str]:
    """The stack's outputs by name; if a change set was executed, those that it led to.

    LocalStack's CloudFormation calls a stack complete first, and then sets its outputs and the id of its change set.
    Raises HarnessError if that id does not come.
    """
    for _ in range(PATIENCE["MaxAttempts"]):
        stack = client.describe_stacks(StackName=STACK)["Stacks"][0]
        if change_set_id in (None, stack.get("ChangeSetId")):
            return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
        time.sleep(PATIENCE["Delay"])
    raise HarnessError(f"CloudFormation calls {STACK} complete, but shows no outputs of its change set: try again.")


def planned_stack_sets(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Target -> the arguments of its StackSet in a plan of Terraform's."""
    return planned_resources(plan, "aws_cloudformation_stack_set")


def planned_resources(plan: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Index -> the arguments of the root module's resources of that kind, which has a for_each."""
    resources = plan["planned_values"]["root_module"].get("resources", ())
    return {resource["index"]: resource["values"] for resource in resources if resource["type"] == kind}


def _planned(change: dict[str, Any]) -> PlannedChange:
    action = "replace" if change.get("Replacement") == "True" else ACTIONS[change["Action"]]
    return PlannedChange(change["LogicalResourceId"], action)
