output "appliance_role_arn" {
  description = "ARN of the appliance role."
  value       = module.plerion_kms.appliance_role_arn
}

output "access_role_arn" {
  description = "ARN of the access role."
  value       = module.plerion_kms.access_role_arn
}

output "cmk_access_policy_json" {
  description = "What the appliance role may do with keys, as JSON."
  value       = module.plerion_kms.cmk_access_policy_json
}
