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

  # Region/name -> key, since a name can stand in several Regions.
  keys = merge([
    for region, keys in local.listed : { for name, key in keys : "${region}/${name}" => merge(key, { region = region }) }
  ]...)
}

module "key_policy" {
  source   = "../../modules/key-policy"
  for_each = local.keys

  policy_json          = file("${dirname(var.keys_file)}/${each.value.policy}")
  grant_plerion_access = var.grant_plerion_access
}
