output "appliance_role_arn" {
  description = "ARN of the appliance role."
  value       = module.plerion_kms.appliance_role_arn
}

output "access_role_arn" {
  description = "ARN of the access role."
  value       = module.plerion_kms.access_role_arn
}

output "tags" {
  description = "The values of the tag PlerionAccess that are set, by key name."
  value       = merge(module.keys.tags, module.keys_elsewhere.tags)
}
