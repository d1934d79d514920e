provider "aws" {
  region = var.region
}

module "plerion_kms" {
  source = "../../modules/plerion-kms"

  kms_key_access_mode         = var.kms_key_access_mode
  external_id                 = var.external_id
  appliance_trusted_role_arns = var.appliance_trusted_role_arns
  hardened                    = var.hardened
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

  policy_json          = jsonencode(local.key_policy)
  grant_plerion_access = var.grant_plerion_access
  appliance_role_arns  = module.plerion_kms.pinned_appliance_role_arns
  access_role_arns     = module.plerion_kms.pinned_access_role_arns
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
