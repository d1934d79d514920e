output "appliance_role_arn" {
  description = "ARN of the appliance role."
  value       = module.plerion_kms.appliance_role_arn
}

output "access_role_arn" {
  description = "ARN of the access role."
  value       = module.plerion_kms.access_role_arn
}

output "key_ids" {
  description = "Region/name -> the id of each key whose policy is set."
  value       = { for id, resource in merge(aws_kms_key_policy.us_east_1, aws_kms_key_policy.eu_west_1) : id => resource.key_id }

  precondition {
    condition     = length(setsubtract(keys(local.listed), local.covered)) == 0
    error_message = "The list of keys names Regions that this configuration does not cover (${join(", ", setsubtract(keys(local.listed), local.covered))}): add a provider and a resource to regions.tf and the Region to local.covered."
  }
}
