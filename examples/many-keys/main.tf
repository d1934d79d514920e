provider "aws" {
  region = var.region
}

module "plerion_kms" {
  source = "../../modules/plerion-kms"

  kms_key_access_mode         = var.kms_key_access_mode
  external_id                 = var.external_id
  appliance_trusted_role_arns = var.appliance_trusted_role_arns

  # If the roles exist, the module looks them up by name. If the appliance role has the mode statement too, set
  # attach_statement = false.
  create_roles        = var.create_roles
  attach_statement    = var.attach_statement
  appliance_role_name = var.appliance_role_name
  access_role_name    = var.access_role_name

  hardened                      = var.hardened
  tag_is_binding                = var.tag_is_binding
  grants_only_for_aws_resources = var.grants_only_for_aws_resources
  pin_additions_to_roles        = var.pin_additions_to_roles
}

locals {
  keys_file = coalesce(var.keys_file, "${path.module}/keys.yaml")
  listed    = yamldecode(file(local.keys_file))
  covered   = ["us-east-1", "eu-west-1"]

  regions = { for name, key in local.listed : name => try(regex("^arn:[\\w-]+:kms:([a-z0-9-]+):[0-9]{12}:key/[\\w-]+$", key.key_arn)[0], "") }
  keys = {
    for name, key in local.listed : name => {
      key_arn              = key.key_arn
      policy_json          = can(key.policy) ? file("${dirname(local.keys_file)}/${key.policy}") : null
      grant_plerion_access = var.grant_plerion_access
      plerion_access_tag   = try(key.tag, null)
    } if contains(local.covered, local.regions[name]) && !contains(local.misunderstood, name)
  }

  without_arn   = [for name, region in local.regions : name if region == ""]
  misunderstood = [for name, key in local.listed : name if length(setsubtract(keys(key), ["key_arn", "policy", "tag"])) > 0]
  # If a name is in the file twice, yamldecode silently keeps the last entry.
  twice     = [for name in distinct(local.names) : name if length([for other in local.names : other if other == name]) > 1]
  names     = regexall("(?m)^[^\\s#:][^:\\n]*", file(local.keys_file))
  uncovered = setsubtract(values(local.regions), concat(local.covered, [""]))
}
