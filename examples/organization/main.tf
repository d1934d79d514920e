provider "aws" {
  region = var.region
}

# A StackSet stays in the partition of the account that defines it.
data "aws_partition" "this" {}

# The documents of both modes; this creates nothing.
module "plerion_kms" {
  source   = "../../modules/plerion-kms"
  for_each = toset(["ALL_KEYS", "SELECTED_KEYS"])

  create                        = false
  kms_key_access_mode           = each.key
  external_id                   = local.external_id_placeholder
  appliance_trusted_role_arns   = var.appliance_trusted_role_arns
  tag_is_binding                = coalesce(var.tag_is_binding, var.hardened)
  grants_only_for_aws_resources = coalesce(var.grants_only_for_aws_resources, var.hardened)
  partition                     = data.aws_partition.this.partition
}

# A StackSet for each target, not one with overrides: the provider cannot change the overrides of organizational units
# (hashicorp/terraform-provider-aws, issue 40675).
resource "aws_cloudformation_stack_set" "this" {
  for_each = var.targets

  name             = "plerion-kms-${each.key}"
  description      = "The roles with which Plerion scans what is encrypted under KMS keys."
  permission_model = "SERVICE_MANAGED"
  call_as          = var.call_as
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = jsonencode(local.template)

  parameters = {
    ExternalId       = coalesce(each.value.external_id, var.external_id)
    KmsKeyAccessMode = coalesce(each.value.kms_key_access_mode, var.kms_key_access_mode)
  }

  # Accounts that join a unit later get the roles, and accounts that leave it lose them.
  auto_deployment {
    enabled                          = each.value.accounts == null
    retain_stacks_on_account_removal = each.value.accounts == null ? false : null
  }

  managed_execution {
    active = true
  }

  operation_preferences {
    failure_tolerance_percentage = var.concurrency_percentage
    max_concurrent_percentage    = var.concurrency_percentage
  }

  timeouts {
    update = "3h"
  }

  lifecycle {
    # AWS sets it, and providers before 6.29 then plan to remove it each time (hashicorp/terraform-provider-aws,
    # issues 23464 and 27125).
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "this" {
  for_each = var.targets

  stack_set_name = aws_cloudformation_stack_set.this[each.key].name
  call_as        = var.call_as

  deployment_targets {
    organizational_unit_ids = each.value.organizational_unit_ids
    accounts                = each.value.accounts != null ? each.value.accounts : each.value.exclude_accounts
    account_filter_type     = each.value.accounts != null ? "INTERSECTION" : each.value.exclude_accounts != null ? "DIFFERENCE" : null
  }

  operation_preferences {
    failure_tolerance_percentage = var.concurrency_percentage
    max_concurrent_percentage    = var.concurrency_percentage
  }

  timeouts {
    create = "3h"
    update = "3h"
    delete = "3h"
  }
}
