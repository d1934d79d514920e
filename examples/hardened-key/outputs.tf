output "appliance_role_arn" {
  description = "ARN of the appliance role."
  value       = module.plerion_kms.appliance_role_arn
}

output "access_role_arn" {
  description = "ARN of the access role."
  value       = module.plerion_kms.access_role_arn
}

output "cmk_access_policy_arn" {
  description = "ARN of the managed policy on the appliance role."
  value       = module.plerion_kms.cmk_access_policy_arn
}

output "pinned_additions" {
  description = "The key-policy additions, pinned to the two roles."
  value       = module.plerion_kms.same_account_key_policy_statements
}

output "key_arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}
