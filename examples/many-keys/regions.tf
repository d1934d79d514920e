# for_each cannot create a provider: each Region has two blocks here and an entry in local.covered.

provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"

  assume_role {
    role_arn = var.key_administrator_role_arn
  }
}

module "us_east_1" {
  source    = "../../modules/key-access"
  providers = { aws = aws.us_east_1 }

  keys        = { for name, key in local.keys : name => key if local.regions[name] == "us-east-1" }
  cli_profile = var.cli_profile

  kms_key_access_mode = var.kms_key_access_mode
  tag_is_binding      = module.plerion_kms.tag_is_binding
  allow_ebs_volumes   = var.allow_ebs_volumes
  appliance_role_arns = module.plerion_kms.pinned_appliance_role_arns
  access_role_arns    = module.plerion_kms.pinned_access_role_arns
}

provider "aws" {
  alias  = "eu_west_1"
  region = "eu-west-1"

  assume_role {
    role_arn = var.key_administrator_role_arn
  }
}

module "eu_west_1" {
  source    = "../../modules/key-access"
  providers = { aws = aws.eu_west_1 }

  keys        = { for name, key in local.keys : name => key if local.regions[name] == "eu-west-1" }
  cli_profile = var.cli_profile

  kms_key_access_mode = var.kms_key_access_mode
  tag_is_binding      = module.plerion_kms.tag_is_binding
  allow_ebs_volumes   = var.allow_ebs_volumes
  appliance_role_arns = module.plerion_kms.pinned_appliance_role_arns
  access_role_arns    = module.plerion_kms.pinned_access_role_arns
}
