# Everything that the modules refuse beyond the values of single variables, each once. Its plan has to fail.

module "refused_policy" {
  source   = "../../modules/key-policy"
  for_each = var.policies

  policy_json          = each.value.policy_json
  grant_plerion_access = each.value.grant_plerion_access
}

module "no_external_id" {
  source = "../../modules/roles"
}

module "no_role_name" {
  source = "../../modules/cmk-access"

  check_role_tags = false
}

module "no_role_to_look_up" {
  source = "../../modules/cmk-access"
}

module "too_long_for_a_managed_policy" {
  source = "../../modules/cmk-access"

  role_name        = "PlerionApplianceRole"
  check_role_tags  = false
  attach_policy_as = "managed"
  key_account_ids  = [for number in range(200) : format("%012d", number)]
}

module "nothing_to_pin_to" {
  source = "../../modules/plerion-kms"

  create                 = false
  pin_additions_to_roles = true
}
