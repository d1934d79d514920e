# Renders every document of the modules, and merges the additions into each policy that is given. Creates nothing.

module "mode" {
  source   = "../../modules/plerion-kms"
  for_each = toset(["ALL_KEYS", "SELECTED_KEYS"])

  create              = false
  kms_key_access_mode = each.key
}

module "limited" {
  source = "../../modules/plerion-kms"

  create                        = false
  key_account_ids               = ["111122223333"]
  key_regions                   = ["us-east-1", "eu-west-1"]
  via_services                  = ["ec2.*.amazonaws.com"]
  grants_only_for_aws_resources = true
}

module "govcloud" {
  source = "../../modules/plerion-kms"

  create    = false
  partition = "aws-us-gov"
}

module "named_keys" {
  source = "../../modules/plerion-kms"

  create   = false
  key_arns = ["arn:aws:kms:us-east-1:111122223333:key/mrk-1", "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/2"]
}

module "hardened" {
  source   = "../../modules/plerion-kms"
  for_each = toset(["ALL_KEYS", "SELECTED_KEYS"])

  create              = false
  kms_key_access_mode = each.key
  hardened            = true
  appliance_role_arns = ["arn:aws:iam::111122223333:role/PlerionApplianceRole"]
  access_role_arns    = ["arn:aws:iam::111122223333:role/PlerionAccessRole"]
}

module "additions" {
  source   = "../../modules/key-policy"
  for_each = { same_account = null, cross_account = var.integration_account_id }

  integration_account_ids = compact([each.value])
}

module "several_integrations" {
  source = "../../modules/key-policy"

  integration_account_ids = [var.integration_account_id, "444455556666"]
}

module "limited_additions" {
  source = "../../modules/key-policy"

  allow_ebs_volumes = true
  via_services      = ["ec2.*.amazonaws.com"]
}

module "merged" {
  source   = "../../modules/key-policy"
  for_each = var.policies

  policy_json = each.value
}

module "merged_twice" {
  source   = "../../modules/key-policy"
  for_each = var.policies

  policy_json = module.merged[each.key].policy_json
}

module "removed" {
  source   = "../../modules/key-policy"
  for_each = { for name, policy in var.policies : name => policy if !contains(var.only_additions, name) }

  policy_json          = module.merged[each.key].policy_json
  grant_plerion_access = false
}

module "delegation" {
  source   = "../../modules/key-policy"
  for_each = var.delegating

  policy_json         = each.value.policy_json
  key_arn             = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
  appliance_role_arns = each.value.appliance_role_arns
}
