output "statement" {
  description = "The statement PlerionKmsCmkAccess as an object."
  value       = local.statement
}

output "statements" {
  description = "That statement and those that the options add, as objects."
  value       = local.statements
}

output "policy_json" {
  description = "An identity policy with all the statements, as JSON."
  value       = local.policy_json
}

output "policy_name" {
  description = "Name of the policy on the role; null if none is created."
  value       = module.policy.policy_name
}

output "policy_arn" {
  description = "ARN of the managed policy; null if the policy is inline or not created."
  value       = module.policy.policy_arn
}
