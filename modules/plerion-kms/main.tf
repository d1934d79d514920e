module "roles" {
  source = "../roles"

  create = var.create && var.create_roles

  external_id                 = var.external_id
  appliance_role_name         = var.appliance_role_name
  access_role_name            = var.access_role_name
  role_use_name_prefix        = var.role_use_name_prefix
  role_path                   = var.role_path
  role_permissions_boundary   = var.role_permissions_boundary
  appliance_trusted_role_arns = var.appliance_trusted_role_arns
  plerion_account_id          = var.plerion_account_id
  partition                   = var.partition
  tags                        = var.tags
}

module "cmk_access" {
  source = "../cmk-access"

  create = var.create && var.attach_statement

  kms_key_access_mode = var.kms_key_access_mode
  role_name           = var.create_roles ? module.roles.appliance_role_name : var.appliance_role_name
  policy_name         = var.policy_name
  partition           = var.partition
}

module "same_account_additions" {
  source = "../key-policy"
}

module "cross_account_additions" {
  source = "../key-policy"
  count  = var.integration_account_id == null ? 0 : 1

  integration_account_id = var.integration_account_id
}
