provider "aws" {
  region = var.region
}

data "aws_caller_identity" "this" {}

module "plerion_kms" {
  source = "../../modules/plerion-kms"

  kms_key_access_mode         = var.kms_key_access_mode
  external_id                 = var.external_id
  appliance_trusted_role_arns = var.appliance_trusted_role_arns
  attach_policy_as            = "managed"

  # The tag applies to every key, including keys with the additions. The additions trust the two roles, not every
  # principal with their tags. The appliance can create grants only for AWS services.
  hardened = true
  # It uses no keys of other accounts.
  key_account_ids = [data.aws_caller_identity.this.account_id]
}

# The key policy without Plerion: it names its administrator and does not delegate to the account.
locals {
  key_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Administrator"
      Effect    = "Allow"
      Principal = { AWS = var.key_administrator_role_arn }
      Action    = "kms:*"
      Resource  = "*"
    }]
  }
}

module "key_policy" {
  source = "../../modules/key-policy"

  policy_json         = jsonencode(local.key_policy)
  appliance_role_arns = module.plerion_kms.pinned_appliance_role_arns
  access_role_arns    = module.plerion_kms.pinned_access_role_arns
}

# The administrator creates the key, because the key policy lets no other principal manage it.
provider "aws" {
  alias  = "key_administrator"
  region = var.region

  assume_role {
    role_arn = var.key_administrator_role_arn
  }
}

resource "aws_kms_key" "this" {
  provider = aws.key_administrator

  description             = "A key that does not delegate to the account"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = module.key_policy.policy_json
}
