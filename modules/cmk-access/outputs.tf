output "statement" {
  description = "The statement PlerionKmsCmkAccess as an object, to splice into another policy."
  value       = local.statement
}

output "statements" {
  description = "All statements as objects: PlerionKmsCmkAccess, and those that the options add."
  value       = local.statements
}

output "policy_json" {
  description = "An identity policy with all the statements, as JSON."
  value       = local.policy_json
}

output "role_name" {
  description = "Name of the role that the policy is attached to."
  value       = var.role_name
}

output "role_arn" {
  description = "ARN of that role; null where the role is not looked up."
  value       = module.role.arn
}

output "policy_name" {
  description = "Name of the policy on the role; null where none is created."
  value       = module.policy.policy_name
}

output "policy_arn" {
  description = "ARN of the managed policy; null where the policy is inline or not created."
  value       = module.policy.policy_arn
}
