output "key_policies" {
  description = "The policies that are set, as JSON, by key name."
  value       = merge(module.us_east_1.policy_json, module.eu_west_1.policy_json)

  precondition {
    condition     = local.key_administrator_role_arn != null
    error_message = "The list of accounts must have a key_administrator_role_arn for ${var.account_id}: add the account, with its ID in quotes, and the role that Terraform should assume in it."
  }

  precondition {
    condition     = length(local.without_arn) == 0
    error_message = "The list of accounts must have a KMS key ARN for ${join(", ", local.without_arn)} of ${var.account_id}: set key_arn to the form arn:aws:kms:eu-west-1:111122223333:key/KEY-ID."
  }

  precondition {
    condition     = length(local.of_others) == 0
    error_message = "The list of accounts names keys of another account for ${var.account_id} (${join(", ", local.of_others)}): list each key with the account that owns it."
  }

  precondition {
    condition     = length(local.misunderstood) == 0
    error_message = "The list of accounts has unsupported names for ${var.account_id} (${join(", ", local.misunderstood)}): rename or remove them."
  }

  precondition {
    condition     = length(local.uncovered) == 0
    error_message = "The list of accounts names Regions for ${var.account_id} that this configuration does not cover (${join(", ", local.uncovered)}): add a provider and a module call to regions.tf and the Region to local.covered."
  }
}

output "tags" {
  description = "The values of the tag PlerionAccess that are set, by key name."
  value       = merge(module.us_east_1.tags, module.eu_west_1.tags)
}
