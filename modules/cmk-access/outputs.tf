output "statement" {
  description = "The statement PlerionKmsCmkAccess as an object, to splice into another policy."
  value       = local.statement
}

output "policy_json" {
  description = "An identity policy with the statement alone, as JSON."
  value       = local.policy_json
}

output "policy_name" {
  description = "Name of the inline policy on the role; null where none is created."
  value       = try(aws_iam_role_policy.this[0].name, null)
}
