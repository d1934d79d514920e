provider "aws" {
  region = var.region
}

module "plerion_kms" {
  source = "../../modules/plerion-kms"

  kms_key_access_mode         = var.kms_key_access_mode
  external_id                 = var.external_id
  appliance_trusted_role_arns = var.appliance_trusted_role_arns
}

locals {
  listed  = yamldecode(file(var.keys_file))
  covered = ["us-east-1", "eu-west-1"]

  regions = { for name, key in local.listed : name => split(":", key.key_arn)[3] }
  keys = {
    for name, key in local.listed : name => {
      key_arn              = key.key_arn
      policy_json          = can(key.policy) ? file("${dirname(var.keys_file)}/${key.policy}") : null
      grant_plerion_access = var.grant_plerion_access
      plerion_access_tag   = try(key.tag, null)
    }
  }
}
