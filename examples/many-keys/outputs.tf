output "appliance_role_arn" {
  description = "ARN of the appliance role."
  value       = module.plerion_kms.appliance_role_arn
}

output "access_role_arn" {
  description = "ARN of the access role."
  value       = module.plerion_kms.access_role_arn
}

output "key_policies" {
  description = "The policies that are set, as JSON, by key name."
  value       = merge(module.us_east_1.policy_json, module.eu_west_1.policy_json)

  precondition {
    condition     = length(local.without_arn) == 0
    error_message = "The list of keys must have a KMS key ARN for ${join(", ", local.without_arn)}: set key_arn to the form arn:aws:kms:eu-west-1:111122223333:key/KEY-ID."
  }

  precondition {
    condition     = length(local.twice) == 0
    error_message = "The list of keys has ${join(", ", local.twice)} twice, but only one would take effect: rename or remove the other."
  }

  precondition {
    condition     = length(local.misunderstood) == 0
    error_message = "The list of keys must have only key_arn, policy and tag for ${join(", ", local.misunderstood)}: rename or remove the rest."
  }

  precondition {
    condition     = length(local.uncovered) == 0
    error_message = "The list of keys names Regions that this configuration does not cover (${join(", ", local.uncovered)}): add a provider and a module call to regions.tf and the Region to local.covered."
  }
}
