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

output "appliance_instance_profile_arn" {
  description = "ARN of the appliance role's instance profile; null where it is not created."
  value       = try(aws_iam_instance_profile.appliance[0].arn, null)
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

output "metadata_policy_json" {
  description = "The identity policy that lets the access role read key metadata, as JSON."
  value       = jsonencode(local.metadata_policy)
}
