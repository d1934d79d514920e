output "appliance_role_arn" {
  description = "ARN of the appliance role; null where it is not created."
  value       = try(aws_iam_role.appliance[0].arn, null)
}

output "appliance_role_name" {
  description = "Name of the appliance role; null where it is not created."
  value       = try(aws_iam_role.appliance[0].name, null)
}

output "appliance_role_unique_id" {
  description = "Unique id of the appliance role; null where it is not created."
  value       = try(aws_iam_role.appliance[0].unique_id, null)
}

output "appliance_trust_policy_json" {
  description = "The appliance role's trust policy, as JSON."
  value       = local.appliance_trust_json
}

output "appliance_role_tags" {
  description = "The tags that key policies know the appliance role by."
  value       = local.appliance_tags
}

output "appliance_instance_profile_arn" {
  description = "ARN of the appliance role's instance profile; null where it is not created."
  value       = try(aws_iam_instance_profile.appliance[0].arn, null)
}

output "appliance_instance_profile_name" {
  description = "Name of the appliance role's instance profile; null where it is not created."
  value       = try(aws_iam_instance_profile.appliance[0].name, null)
}

output "access_role_arn" {
  description = "ARN of the access role; null where it is not created."
  value       = try(aws_iam_role.access[0].arn, null)
}

output "access_role_name" {
  description = "Name of the access role; null where it is not created."
  value       = try(aws_iam_role.access[0].name, null)
}

output "access_role_unique_id" {
  description = "Unique id of the access role; null where it is not created."
  value       = try(aws_iam_role.access[0].unique_id, null)
}

output "access_trust_policy_json" {
  description = "The access role's trust policy, as JSON; without `external_id` it is not fit for use."
  value       = local.access_trust_json
}

output "access_role_tags" {
  description = "The tags that key policies know the access role by."
  value       = local.access_tags
}

output "metadata_statement" {
  description = "The statement that lets the access role read key metadata, as an object."
  value       = local.metadata_statement
}

output "metadata_statements" {
  description = "That statement and the one that lets the access role list keys and aliases, as objects."
  value       = local.metadata_statements
}

output "metadata_policy_json" {
  description = "The identity policy that lets the access role read key metadata, as JSON."
  value       = local.metadata_policy_json
}

output "metadata_policy_arn" {
  description = "ARN of that policy where it is managed; null where it is inline or not created."
  value       = module.metadata_policy.policy_arn
}
