locals {
  create_roles            = var.create && var.create_roles
  trusts_ec2              = length(var.appliance_trusted_role_arns) == 0
  create_instance_profile = local.create_roles && var.create_instance_profile && local.trusts_ec2

  attach_metadata_policy = var.create && coalesce(var.attach_metadata_policy, var.create_roles)

  look_up_roles     = var.create && !var.create_roles && var.check_role_tags
  look_up_appliance = local.look_up_roles && var.appliance_role_is_used
  look_up_access    = local.look_up_roles && (var.access_role_is_used || local.attach_metadata_policy)

  # Created, looked up, or as given if an existing role is not looked up. A role that was looked up has its name from
  # there, so that nothing is attached to a role that lacks its tag.
  appliance_role_name = one(concat(
    aws_iam_role.appliance[*].name,
    data.aws_iam_role.appliance[*].name,
    var.create_roles || local.look_up_appliance ? [] : [var.appliance_role_name],
  ))
  access_role_name = one(concat(
    aws_iam_role.access[*].name,
    data.aws_iam_role.access[*].name,
    var.create_roles || local.look_up_access ? [] : [var.access_role_name],
  ))

  # Key policies match on these tags; the values are strings, with this capital letter.
  appliance_tags = { PlerionApplianceRole = "True" }
  access_tags    = { RolePurpose = "PlerionAccess" }
  lacks_the_tag  = "The role %s lacks the tag %s, which key policies match on: add the tag to the role with exactly this value, or set check_role_tags = false. If the role has it, the provider's ignore_tags hides it: remove it from there."

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
  count = local.create_roles ? 1 : 0

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
  count = local.create_roles ? 1 : 0

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
      error_message = "external_id is missing: set it to the id that Plerion shows for the integration, or set create_roles = false if the roles exist already."
    }
  }
}

data "aws_iam_role" "appliance" {
  count = local.look_up_appliance ? 1 : 0

  name = var.appliance_role_name

  lifecycle {
    postcondition {
      condition     = lookup(self.tags, "PlerionApplianceRole", null) == local.appliance_tags.PlerionApplianceRole
      error_message = format(local.lacks_the_tag, self.name, "PlerionApplianceRole = ${local.appliance_tags.PlerionApplianceRole}")
    }
  }
}

data "aws_iam_role" "access" {
  count = local.look_up_access ? 1 : 0

  name = var.access_role_name

  lifecycle {
    postcondition {
      condition     = lookup(self.tags, "RolePurpose", null) == local.access_tags.RolePurpose
      error_message = format(local.lacks_the_tag, self.name, "RolePurpose = ${local.access_tags.RolePurpose}")
    }
  }
}

module "metadata_policy" {
  source = "../role-policy"

  create = local.attach_metadata_policy

  role_name          = local.access_role_name
  policy_json        = local.metadata_policy_json
  attach_policy_as   = var.attach_policy_as
  policy_name        = var.metadata_policy_name
  policy_path        = var.policy_path
  policy_description = null
  tags               = var.tags
}
