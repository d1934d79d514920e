locals {
  create_appliance        = var.create && var.create_appliance_role
  create_access           = var.create && var.create_access_role
  trusts_ec2              = length(var.appliance_trusted_role_arns) == 0
  create_instance_profile = local.create_appliance && var.create_instance_profile && local.trusts_ec2

  # The tags are what key policies know the roles by; the values are strings, with this capital letter.
  appliance_tags = { PlerionApplianceRole = "True" }
  access_tags    = { RolePurpose = "PlerionAccess" }

  # China's Regions have service principals of their own.
  ec2 = var.partition == "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com"

  # No trust allows sts:TagSession: a session tag could pose as the tags above.
  appliance_trust_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { (local.trusts_ec2 ? "Service" : "AWS") = coalescelist(var.appliance_trusted_role_arns, [local.ec2]) }
    }]
  })

  access_trust_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${var.partition}:iam::${var.plerion_account_id}:root" }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })

  # On keys that delegate to the account the key policy alone gives the access role nothing.
  metadata_statement = {
    Sid      = "PlerionKmsMetadata"
    Effect   = "Allow"
    Action   = ["kms:Describe*", "kms:List*", "kms:Get*"]
    Resource = "arn:${var.partition}:kms:*:*:key/*"
  }
  # These two work on no key, so that a key's ARN does not cover them.
  list_statement = {
    Sid      = "PlerionKmsListKeys"
    Effect   = "Allow"
    Action   = ["kms:ListKeys", "kms:ListAliases"]
    Resource = "*"
  }
  metadata_statements = [local.metadata_statement, local.list_statement]
  metadata_policy_json = jsonencode({
    Version   = "2012-10-17"
    Statement = local.metadata_statements
  })
}

resource "aws_iam_role" "appliance" {
  count = local.create_appliance ? 1 : 0

  name                  = var.role_use_name_prefix ? null : var.appliance_role_name
  name_prefix           = var.role_use_name_prefix ? "${var.appliance_role_name}-" : null
  path                  = var.role_path
  description           = var.appliance_role_description
  assume_role_policy    = local.appliance_trust_json
  max_session_duration  = var.role_max_session_duration
  permissions_boundary  = var.role_permissions_boundary
  force_detach_policies = var.role_force_detach_policies
  tags                  = merge(var.tags, local.appliance_tags)
}

resource "aws_iam_instance_profile" "appliance" {
  count = local.create_instance_profile ? 1 : 0

  name        = var.role_use_name_prefix ? null : var.appliance_role_name
  name_prefix = var.role_use_name_prefix ? "${var.appliance_role_name}-" : null
  path        = var.role_path
  role        = aws_iam_role.appliance[0].name
  tags        = var.tags
}

resource "aws_iam_role" "access" {
  #checkov:skip=CKV_AWS_61:Plerion assumes the role from its own account; the external id limits who can have it do so
  count = local.create_access ? 1 : 0

  name                  = var.role_use_name_prefix ? null : var.access_role_name
  name_prefix           = var.role_use_name_prefix ? "${var.access_role_name}-" : null
  path                  = var.role_path
  description           = var.access_role_description
  assume_role_policy    = local.access_trust_json
  max_session_duration  = var.role_max_session_duration
  permissions_boundary  = var.role_permissions_boundary
  force_detach_policies = var.role_force_detach_policies
  tags                  = merge(var.tags, local.access_tags)

  lifecycle {
    precondition {
      condition     = var.external_id != null
      error_message = "external_id is missing: set it to the id that Plerion shows for the integration, or set create_access_role = false."
    }
  }
}

module "metadata_policy" {
  source = "../role-policy"

  create = local.create_access && var.attach_metadata_policy

  role_name        = try(aws_iam_role.access[0].name, null)
  policy_json      = local.metadata_policy_json
  attach_policy_as = var.attach_policy_as
  policy_name      = var.metadata_policy_name
  policy_path      = var.policy_path
  tags             = var.tags
}

moved {
  from = aws_iam_role_policy.metadata
  to   = module.metadata_policy.aws_iam_role_policy.this
}
