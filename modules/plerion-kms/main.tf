locals {
  create_roles = var.create && var.create_roles
  find_roles   = var.create && !var.create_roles

  # A role that exists already gets the metadata policy only where that is asked for.
  attach_metadata_policy = coalesce(var.attach_metadata_policy, var.create_roles)

  appliance_role_name = var.create_roles ? module.roles.appliance_role_name : coalesce(module.existing_appliance_role.name, var.appliance_role_name)
  appliance_role_arn  = var.create_roles ? module.roles.appliance_role_arn : module.existing_appliance_role.arn
  access_role_name    = var.create_roles ? module.roles.access_role_name : coalesce(module.existing_access_role.name, var.access_role_name)
  access_role_arn     = var.create_roles ? module.roles.access_role_arn : module.existing_access_role.arn

  tag_is_binding                = coalesce(var.tag_is_binding, var.hardened)
  grants_only_for_aws_resources = coalesce(var.grants_only_for_aws_resources, var.hardened)
  arns_are_given                = length(var.appliance_role_arns) + length(var.access_role_arns) > 0
  pin_additions_to_roles        = coalesce(var.pin_additions_to_roles, var.hardened || local.arns_are_given)

  # The ARN of a role that is being created is not known yet, but that there is one is.
  known_appliance_role_arns = local.create_roles ? [module.roles.appliance_role_arn] : compact([module.existing_appliance_role.arn])
  known_access_role_arns    = local.create_roles ? [module.roles.access_role_arn] : compact([module.existing_access_role.arn])

  # Without both the outputs fail: additions that are not pinned must not pass for pinned ones.
  pinned_appliance_role_arns = !local.pin_additions_to_roles ? [] : local.arns_are_given ? var.appliance_role_arns : local.known_appliance_role_arns
  pinned_access_role_arns    = !local.pin_additions_to_roles ? [] : local.arns_are_given ? var.access_role_arns : local.known_access_role_arns

  partition = coalesce(var.partition, one(data.aws_partition.this[*].partition), "aws")
}

data "aws_partition" "this" {
  count = var.create && var.partition == null ? 1 : 0
}

module "roles" {
  source = "../roles"

  create = local.create_roles

  external_id                 = var.external_id
  appliance_role_name         = var.appliance_role_name
  access_role_name            = var.access_role_name
  role_use_name_prefix        = var.role_use_name_prefix
  role_path                   = var.role_path
  role_permissions_boundary   = var.role_permissions_boundary
  role_max_session_duration   = var.role_max_session_duration
  role_force_detach_policies  = var.role_force_detach_policies
  appliance_role_description  = var.appliance_role_description
  access_role_description     = var.access_role_description
  create_instance_profile     = var.create_instance_profile
  appliance_trusted_role_arns = var.appliance_trusted_role_arns
  plerion_account_id          = var.plerion_account_id
  attach_metadata_policy      = local.attach_metadata_policy
  metadata_policy_name        = var.metadata_policy_name
  attach_policy_as            = var.attach_policy_as
  policy_path                 = var.policy_path
  partition                   = local.partition
  tags                        = var.tags
}

module "existing_appliance_role" {
  source = "../existing-role"

  create = local.find_roles && var.check_role_tags && (var.attach_statement || local.pin_additions_to_roles)

  role_name     = var.appliance_role_name
  required_tags = module.roles.appliance_role_tags
}

module "existing_access_role" {
  source = "../existing-role"

  create = local.find_roles && var.check_role_tags && (local.attach_metadata_policy || local.pin_additions_to_roles)

  role_name     = var.access_role_name
  required_tags = module.roles.access_role_tags
}

module "cmk_access" {
  source = "../cmk-access"

  create = var.create && var.attach_statement

  kms_key_access_mode           = var.kms_key_access_mode
  role_name                     = local.appliance_role_name
  check_role_tags               = false # module.existing_appliance_role has checked them
  attach_policy_as              = var.attach_policy_as
  policy_name                   = var.policy_name
  policy_path                   = var.policy_path
  policy_description            = var.policy_description
  partition                     = local.partition
  key_arns                      = var.key_arns
  key_account_ids               = var.key_account_ids
  key_regions                   = var.key_regions
  via_services                  = var.via_services
  grants_only_for_aws_resources = local.grants_only_for_aws_resources
  tag_is_binding                = local.tag_is_binding
  tags                          = var.tags
}

# For an access role that exists already; the policy of a created one comes with the role.
module "metadata_policy" {
  source = "../role-policy"

  create = local.find_roles && local.attach_metadata_policy

  role_name        = local.access_role_name
  policy_json      = module.roles.metadata_policy_json
  attach_policy_as = var.attach_policy_as
  policy_name      = var.metadata_policy_name
  policy_path      = var.policy_path
  tags             = var.tags
}

module "same_account_additions" {
  source = "../key-policy"

  allow_ebs_volumes   = var.allow_ebs_volumes
  appliance_role_arns = local.pinned_appliance_role_arns
  access_role_arns    = local.pinned_access_role_arns
  via_services        = var.via_services
}

module "cross_account_additions" {
  source = "../key-policy"
  count  = var.integration_account_id == null ? 0 : 1

  integration_account_ids = [var.integration_account_id]
  allow_ebs_volumes       = var.allow_ebs_volumes
  appliance_role_arns     = local.pinned_appliance_role_arns
  access_role_arns        = local.pinned_access_role_arns
  via_services            = var.via_services
}
