output "appliance_role_arns" {
  description = "ARN of the appliance role, created or looked up; empty if neither. The ARN of a role that is being created is unknown, but the length of the list is not."
  value       = local.create_roles ? [aws_iam_role.appliance[0].arn] : data.aws_iam_role.appliance[*].arn
}

output "appliance_role_name" {
  description = "Name of the appliance role, created, looked up or given."
  value       = local.appliance_role_name
}

output "appliance_role_unique_id" {
  description = "Unique id of the appliance role, created or looked up; null if neither."
  value       = one(concat(aws_iam_role.appliance[*].unique_id, data.aws_iam_role.appliance[*].unique_id))
}

output "appliance_role_tags" {
  description = "The tags of the appliance role that key policies match on."
  value       = local.appliance_tags
}

output "appliance_trust_policy_json" {
  description = "The appliance role's trust policy, as JSON."
  value       = local.appliance_trust_json
}

output "appliance_instance_profile_arn" {
  description = "ARN of the appliance role's instance profile; null if it is not created."
  value       = one(aws_iam_instance_profile.appliance[*].arn)
}

output "appliance_instance_profile_name" {
  description = "Name of the appliance role's instance profile; null if it is not created."
  value       = one(aws_iam_instance_profile.appliance[*].name)
}

output "access_role_arns" {
  description = "The same for the access role as `appliance_role_arns`."
  value       = local.create_roles ? [aws_iam_role.access[0].arn] : data.aws_iam_role.access[*].arn
}

output "access_role_name" {
  description = "Name of the access role, created, looked up or given."
  value       = local.access_role_name
}

output "access_role_unique_id" {
  description = "Unique id of the access role, created or looked up; null if neither."
  value       = one(concat(aws_iam_role.access[*].unique_id, data.aws_iam_role.access[*].unique_id))
}

output "access_role_tags" {
  description = "The tags of the access role that key policies match on."
  value       = local.access_tags
}

output "access_trust_policy_json" {
  description = "The access role's trust policy, as JSON."
  value       = local.access_trust_json
}

output "metadata_statement" {
  description = "The statement that lets the access role read key metadata, as an object."
  value       = local.metadata_statement
}

output "metadata_statements" {
  description = "That statement and the statement for listing keys and aliases, as objects."
  value       = local.metadata_statements
}

output "metadata_policy_json" {
  description = "An identity policy with these statements, as JSON."
  value       = local.metadata_policy_json
}

output "metadata_policy_arn" {
  description = "ARN of that policy if it is managed; null if it is inline or not created."
  value       = module.metadata_policy.policy_arn
}
