provider "aws" {
  region = var.region
}

module "plerion_kms" {
  source = "../../modules/plerion-kms"

  kms_key_access_mode         = var.kms_key_access_mode
  external_id                 = var.external_id
  appliance_trusted_role_arns = var.appliance_trusted_role_arns

  # If the roles exist, the module looks them up by name. If the appliance role has the mode statement too, set
  # attach_statement = false.
  create_roles        = var.create_roles
  attach_statement    = var.attach_statement
  appliance_role_name = var.appliance_role_name
  access_role_name    = var.access_role_name

  hardened                      = var.hardened
  tag_is_binding                = var.tag_is_binding
  grants_only_for_aws_resources = var.grants_only_for_aws_resources
  pin_additions_to_roles        = var.pin_additions_to_roles
}

data "aws_caller_identity" "integration" {}

# This configuration does not manage the keys. Call the module once for each account and Region, with the provider for it.
#
# policy_json must be the key's current policy: a key policy is set as a whole, so a missing statement is lost. To see in
# the plan what changes, import first: to = module.keys.aws_kms_key_policy.this["NAME"], id = "KEY-ID".
provider "aws" {
  alias  = "keys"
  region = var.region

  assume_role {
    role_arn = var.key_administrator_role_arn
  }
}

module "keys" {
  source    = "../../modules/key-access"
  providers = { aws = aws.keys }

  keys        = var.keys
  cli_profile = var.cli_profile

  kms_key_access_mode = var.kms_key_access_mode
  tag_is_binding      = module.plerion_kms.tag_is_binding
  allow_ebs_volumes   = var.allow_ebs_volumes
  appliance_role_arns = module.plerion_kms.pinned_appliance_role_arns
  access_role_arns    = module.plerion_kms.pinned_access_role_arns
}

provider "aws" {
  alias  = "elsewhere"
  region = var.region_elsewhere

  assume_role {
    role_arn = var.key_account_role_arn
  }
}

module "keys_elsewhere" {
  source    = "../../modules/key-access"
  providers = { aws = aws.elsewhere }

  keys                    = var.keys_elsewhere
  integration_account_ids = [data.aws_caller_identity.integration.account_id]
  cli_profile             = var.cli_profile_elsewhere

  kms_key_access_mode = var.kms_key_access_mode
  tag_is_binding      = module.plerion_kms.tag_is_binding
  allow_ebs_volumes   = var.allow_ebs_volumes
  appliance_role_arns = module.plerion_kms.pinned_appliance_role_arns
  access_role_arns    = module.plerion_kms.pinned_access_role_arns
}
