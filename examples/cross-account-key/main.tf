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

# The account of the integration, which the roles above are in.
data "aws_caller_identity" "integration" {}

# The key's policy as it is without Plerion.
locals {
  key_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Administrator"
      Effect    = "Allow"
      Principal = { AWS = var.key_account_role_arn }
      Action    = "kms:*"
      Resource  = "*"
    }]
  }
}

module "key_policy" {
  source = "../../modules/key-policy"

  policy_json             = jsonencode(local.key_policy)
  integration_account_ids = [data.aws_caller_identity.integration.account_id]
  grant_plerion_access    = var.grant_plerion_access
  appliance_role_arns     = module.plerion_kms.pinned_appliance_role_arns
  access_role_arns        = module.plerion_kms.pinned_access_role_arns
}

provider "aws" {
  alias  = "key_account"
  region = var.region

  assume_role {
    role_arn = var.key_account_role_arn
  }
}

resource "aws_kms_key" "this" {
  provider = aws.key_account

  description             = "A key in another account than the integration"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = module.key_policy.policy_json
}
