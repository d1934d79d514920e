"""A StackSet's template as plain stacks: what CloudFormation does in each account that the StackSet is rolled out to.

AWS Organizations, and with it the StackSet itself, is not in the emulator. Terraform plans the StackSet; the template
and the parameters of that plan become a stack of each account.
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

# What the caller needs beside the permissions for the template's resources.
STACK_ALLOW: Sequence[str] = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
)


class Stack(Terraform):
    """An example that defines a StackSet, applied as a stack of it in each account. A change set is its plan.

    made_by: who makes the stack, in each account that gets it; set it before the first plan.
    """

    made_by: Sequence[Principal]
    _change_sets = 0

    def plan(self, **variables: Any) -> list[PlannedChange]:
        """What an apply would change, by the template's logical names; an empty list where nothing.

        Raises TerraformError, and HarnessError where CloudFormation does not take the template.
        """
        return [change for _, changes in self._plans(**variables) for change in changes]

    def _plans(self, **variables: Any) -> list[tuple[Principal, list[PlannedChange]]]:
        stack_sets = planned_stack_sets(self.plan_document(**variables))
        if len(stack_sets) != 1:
            raise HarnessError(f"The plan holds {len(stack_sets)} StackSets: give the example one target.")
        (stack_set,) = stack_sets.values()
        self._change_sets += 1
        return [(maker, self._plan_of(maker, stack_set)) for maker in self.made_by]

    def _plan_of(self, maker: Principal, stack_set: Mapping[str, Any]) -> list[PlannedChange]:
        change_set = {"StackName": STACK, "ChangeSetName": f"plan-{self._change_sets}"}
        _client(maker).create_change_set(
            **change_set,
            ChangeSetType="UPDATE" if _is_made(maker) else "CREATE",
            TemplateBody=stack_set["template_body"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in stack_set["parameters"].items()
            ],
            Capabilities=stack_set["capabilities"],
        )
        try:
            _wait(maker, "change_set_create_complete", **change_set)
        except WaiterError as error:
            reason = error.last_response.get("StatusReason", "")
            if "didn't contain changes" in reason:
                return []
            raise HarnessError(f"CloudFormation does not take the template: {reason}") from error
        changes = _client(maker).describe_change_set(**change_set)["Changes"]
        return [_planned(change["ResourceChange"]) for change in changes]

    def apply(self, **variables: Any) -> Applied:
        """Plan, and make what was planned; the outputs are those of the first account's stack.

        Raises TerraformError and HarnessError.
        """
        plans = self._plans(**variables)
        for maker, changes in plans:
            if changes:
                self._execute(maker)
        outputs = outputs_of(_client(self.made_by[0]))
        return Applied([change for _, changes in plans for change in changes], outputs)

    def _execute(self, maker: Principal) -> None:
        done = "stack_update_complete" if _is_made(maker) else "stack_create_complete"
        change_set = {"StackName": STACK, "ChangeSetName": f"plan-{self._change_sets}"}
        made = _client(maker).describe_change_set(**change_set)["ChangeSetId"]
        _client(maker).execute_change_set(**change_set)
        try:
            _wait(maker, done, StackName=STACK)
        except WaiterError as error:
            raise HarnessError(f"CloudFormation could not make the stack: {error.last_response}") from error
        outputs_of(_client(maker), made)

    def state_addresses(self) -> list[str]:
        """The logical names of the resources that the stacks hold."""
        return [
            resource["LogicalResourceId"]
            for maker in self.made_by
            if _is_made(maker)
            for resource in _client(maker).describe_stack_resources(StackName=STACK)["StackResources"]
        ]

    def destroy(self) -> None:
        """Delete the stacks with their resources."""
        for maker in self.made_by:
            _client(maker).delete_stack(StackName=STACK)
            _wait(maker, "stack_delete_complete", StackName=STACK)


class StacksAndKeys(Stack):
    """The stacks, and an example that sets up the keys of one account, applied for each account after them.

    accounts: that example, once for each account; set it before the first plan. Their variables are their own, but for
    what is given with a call.
    """

    accounts: Sequence[Terraform]

    def init(self) -> None:
        """`terraform init` for all. Raises TerraformError."""
        super().init()
        for each in self.accounts:
            each.init()

    def plan(self, **variables: Any) -> list[PlannedChange]:
        """What an apply would change, of the stacks and in each account."""
        return [*super().plan(**variables), *(change for each in self.accounts for change in each.plan(**variables))]

    def apply(self, **variables: Any) -> Applied:
        """Apply the stacks, then each account's keys; the outputs are those of the first account's stack."""
        applied = super().apply(**variables)
        changes = [change for each in self.accounts for change in each.apply(**variables).changes]
        return Applied([*applied.changes, *changes], applied.outputs)

    def state_addresses(self) -> list[str]:
        """What the stacks and the accounts' states hold."""
        return [*super().state_addresses(), *(address for each in self.accounts for address in each.state_addresses())]

    def destroy(self) -> None:
        """Destroy what is in each account, then the stacks."""
        for each in self.accounts:
            each.destroy()
        super().destroy()

    def stop_provider(self) -> None:
        """As for Terraform."""
        super().stop_provider()
        for each in self.accounts:
            each.stop_provider()

    def close(self) -> None:
        """As for Terraform."""
        super().close()
        for each in self.accounts:
            each.close()


def _client(maker: Principal) -> Any:
    return maker.client("cloudformation")


def _is_made(maker: Principal) -> bool:
    try:
        stack = _client(maker).describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return False
    # What a stack is before its first change set is executed.
    return bool(stack["StackStatus"] != "REVIEW_IN_PROGRESS")


def _wait(maker: Principal, waiter: str, **parameters: str) -> None:
    _client(maker).get_waiter(waiter).wait(**parameters, WaiterConfig=dict(PATIENCE))


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
