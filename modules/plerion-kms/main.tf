locals {
  partition = coalesce(var.partition, one(data.aws_partition.this[*].partition), "aws")

  tag_is_binding                = coalesce(var.tag_is_binding, var.hardened)
  grants_only_for_aws_resources = coalesce(var.grants_only_for_aws_resources, var.hardened)
  arns_are_given                = length(var.appliance_role_arns) + length(var.access_role_arns) > 0
  pin_additions_to_roles        = coalesce(var.pin_additions_to_roles, var.hardened || local.arns_are_given)

  # If either list is empty, the outputs fail: additions without the ARNs must not pass for pinned ones.
  appliance_role_arns        = local.arns_are_given ? var.appliance_role_arns : module.roles.appliance_role_arns
  access_role_arns           = local.arns_are_given ? var.access_role_arns : module.roles.access_role_arns
  pinned_appliance_role_arns = local.pin_additions_to_roles ? local.appliance_role_arns : []
  pinned_access_role_arns    = local.pin_additions_to_roles ? local.access_role_arns : []
}

data "aws_partition" "this" {
  count = var.create && var.partition == null ? 1 : 0
}

module "roles" {
  source = "./modules/roles"

  create                      = var.create
  create_roles                = var.create_roles
  check_role_tags             = var.check_role_tags
  appliance_role_is_used      = var.attach_statement || local.pin_additions_to_roles
  access_role_is_used         = local.pin_additions_to_roles
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
  attach_metadata_policy      = var.attach_metadata_policy
  metadata_policy_name        = var.metadata_policy_name
  attach_policy_as            = var.attach_policy_as
  policy_path                 = var.policy_path
  partition                   = local.partition
  tags                        = var.tags
}

module "cmk_access" {
  source = "./modules/cmk-access"

  create                        = var.create && var.attach_statement
  role_name                     = module.roles.appliance_role_name
  kms_key_access_mode           = var.kms_key_access_mode
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
