output "appliance_role_arn" {
  description = "ARN of the appliance role."
  value       = module.plerion_kms.appliance_role_arn
}

output "access_role_arn" {
  description = "ARN of the access role."
  value       = module.plerion_kms.access_role_arn
}

output "key_arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}

output "ebs_additions_across_accounts" {
  description = "The additions for keys of other accounts, with what EBS needs."
  value       = module.plerion_kms.cross_account_key_policy_statements
}
