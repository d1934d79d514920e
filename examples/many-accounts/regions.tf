# for_each cannot create a provider: each Region has two blocks here and an entry in local.covered.

provider "aws" {
  alias               = "us_east_1"
  region              = "us-east-1"
  allowed_account_ids = [var.account_id]

  assume_role {
    role_arn = local.key_administrator_role_arn
  }
}

module "us_east_1" {
  source    = "../../modules/key-access"
  providers = { aws = aws.us_east_1 }

  keys        = { for name, key in local.keys : name => key if local.places[name][0] == "us-east-1" }
  cli_profile = local.cli_profile

  kms_key_access_mode = var.kms_key_access_mode
  hardened            = var.hardened
  allow_ebs_volumes   = var.allow_ebs_volumes
  appliance_role_arns = local.appliance_role_arns
  access_role_arns    = local.access_role_arns
}

provider "aws" {
  alias               = "eu_west_1"
  region              = "eu-west-1"
  allowed_account_ids = [var.account_id]

  assume_role {
    role_arn = local.key_administrator_role_arn
  }
}

module "eu_west_1" {
  source    = "../../modules/key-access"
  providers = { aws = aws.eu_west_1 }

  keys        = { for name, key in local.keys : name => key if local.places[name][0] == "eu-west-1" }
  cli_profile = local.cli_profile

  kms_key_access_mode = var.kms_key_access_mode
  hardened            = var.hardened
  allow_ebs_volumes   = var.allow_ebs_volumes
  appliance_role_arns = local.appliance_role_arns
  access_role_arns    = local.access_role_arns
}
