# Everything that the modules refuse beyond the values of single variables, each once. Its plan has to fail.

module "refused_policy" {
  source   = "../../modules/key-policy"
  for_each = var.policies

  policy_json          = each.value.policy_json
  grant_plerion_access = each.value.grant_plerion_access
}

module "no_external_id" {
  source = "../../modules/plerion-kms"

  partition = "aws"
}

# Some of these fit: nothing may be said about them. Two calls, since one form of policy waits for the other.
module "managed_policy" {
  source   = "../../modules/plerion-kms/modules/role-policy"
  for_each = { for name, policy in var.sized_policies : name => policy if policy.attach_policy_as == "managed" }

  create             = true
  role_name          = "PlerionApplianceRole"
  policy_name        = each.key
  policy_json        = each.value.policy_json
  attach_policy_as   = "managed"
  policy_path        = "/"
  policy_description = null
  tags               = {}
}

module "inline_policy" {
  source   = "../../modules/plerion-kms/modules/role-policy"
  for_each = { for name, policy in var.sized_policies : name => policy if policy.attach_policy_as == "inline" }

  create             = true
  role_name          = "PlerionApplianceRole"
  policy_name        = each.key
  policy_json        = each.value.policy_json
  attach_policy_as   = "inline"
  policy_path        = "/"
  policy_description = null
  tags               = {}
}

module "nothing_to_pin_to" {
  source   = "../../modules/plerion-kms"
  for_each = var.nothing_to_pin_to

  create                 = each.value.create
  create_roles           = false
  check_role_tags        = false
  attach_statement       = false
  partition              = "aws"
  hardened               = each.value.hardened
  pin_additions_to_roles = each.value.pin_additions_to_roles
  appliance_role_arns    = each.value.appliance_role_arns
  access_role_arns       = each.value.access_role_arns
}

module "keys_by_name_and_by_place" {
  source   = "../../modules/plerion-kms"
  for_each = { accounts = [["111122223333"], []], regions = [[], ["eu-west-1"]] }

  create          = false
  key_arns        = ["arn:aws:kms:eu-west-1:111122223333:key/1"]
  key_account_ids = each.value[0]
  key_regions     = each.value[1]
}
