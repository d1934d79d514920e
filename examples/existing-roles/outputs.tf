output "appliance_role_name" {
  description = "Name of the role that the statement is attached to."
  value       = module.plerion_kms.appliance_role_name
}

output "appliance_role_arn" {
  description = "ARN of that role."
  value       = module.plerion_kms.appliance_role_arn
}

output "access_role_arn" {
  description = "ARN of the access role."
  value       = module.plerion_kms.access_role_arn
}
