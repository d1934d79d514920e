# The keys of one account of many: the same configuration for each, with its account_id and its own state. The roles come
# from the organization example, which gives them the same names in every account.
locals {
  accounts_file = coalesce(var.accounts_file, "${path.module}/accounts.yaml")
  accounts      = yamldecode(file(local.accounts_file))
  account       = try(local.accounts[var.account_id], null)
  listed        = try({ for name, key in local.account.keys : name => key }, {})
  covered       = ["us-east-1", "eu-west-1"]

  key_administrator_role_arn = try(local.account.key_administrator_role_arn, null)
  cli_profile                = try(local.account.cli_profile, null)

  # Of each key: its Region and account.
  places = { for name, key in local.listed : name => try(regex("^arn:[\\w-]+:kms:([a-z0-9-]+):([0-9]{12}):key/[\\w-]+$", key.key_arn), ["", ""]) }
  keys = {
    for name, key in local.listed : name => {
      key_arn            = key.key_arn
      policy_json        = can(key.policy) ? file("${dirname(local.accounts_file)}/${key.policy}") : null
      plerion_access_tag = try(key.tag, null)
    } if contains(local.covered, local.places[name][0]) && local.places[name][1] == var.account_id
  }

  partition           = try(regex("^arn:([\\w-]+):", local.key_administrator_role_arn)[0], "aws")
  appliance_role_arns = var.hardened ? ["arn:${local.partition}:iam::${var.account_id}:role/${var.appliance_role_name}"] : []
  access_role_arns    = var.hardened ? ["arn:${local.partition}:iam::${var.account_id}:role/${var.access_role_name}"] : []

  without_arn = [for name, place in local.places : name if place[0] == ""]
  misunderstood = concat(
    try([for name in setsubtract(keys(local.account), ["key_administrator_role_arn", "cli_profile", "keys"]) : "the account's ${name}"], []),
    flatten([for name, key in local.listed : [for word in setsubtract(keys(key), ["key_arn", "policy", "tag"]) : "${name}'s ${word}"]]),
  )
  of_others = [for name, place in local.places : name if !contains(["", var.account_id], place[1])]
  uncovered = setsubtract([for place in local.places : place[0]], concat(local.covered, [""]))
}
