output "appliance_role_arn" {
  description = "ARN of the appliance role."
  value       = module.plerion_kms.appliance_role_arn
}

output "access_role_arn" {
  description = "ARN of the access role."
  value       = module.plerion_kms.access_role_arn
}

output "key_policies" {
  description = "Name -> the policy that is set on the key, as JSON."
  value       = merge(module.us_east_1.policy_json, module.eu_west_1.policy_json)

  precondition {
    condition     = length(setsubtract(values(local.regions), local.covered)) == 0
    error_message = "The list of keys names Regions that this configuration does not cover (${join(", ", setsubtract(values(local.regions), local.covered))}): add a provider and a module call to regions.tf and the Region to local.covered."
  }
}
