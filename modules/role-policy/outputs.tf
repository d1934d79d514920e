output "policy_name" {
  description = "Name of the policy on the role; null where none is created."
  value       = try(aws_iam_role_policy.this[0].name, aws_iam_policy.this[0].name, null)
}

output "policy_arn" {
  description = "ARN of the managed policy; null where the policy is inline or not created."
  value       = try(aws_iam_policy.this[0].arn, null)
}
