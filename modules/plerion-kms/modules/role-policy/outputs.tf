output "policy_name" {
  description = "Name of the policy on the role; null if none is created."
  value       = one(concat(aws_iam_role_policy.this[*].name, aws_iam_policy.this[*].name))
}

output "policy_arn" {
  description = "ARN of the managed policy; null if the policy is inline or not created."
  value       = one(aws_iam_policy.this[*].arn)
}
