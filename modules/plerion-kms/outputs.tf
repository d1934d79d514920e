output "appliance_role_arn" {
  description = "ARN of the appliance role; null where it is not created."
  value       = module.roles.appliance_role_arn
}

output "appliance_role_name" {
  description = "Name of the appliance role, created or given."
  value       = var.create_roles ? module.roles.appliance_role_name : var.appliance_role_name
}

output "appliance_role_unique_id" {
  description = "Unique id of the appliance role; null where it is not created."
  value       = module.roles.appliance_role_unique_id
}

output "appliance_instance_profile_arn" {
  description = "ARN of the appliance role's instance profile; null where it is not created."
  value       = module.roles.appliance_instance_profile_arn
}

output "access_role_arn" {
  description = "ARN of the access role; null where it is not created."
  value       = module.roles.access_role_arn
}

output "access_role_name" {
  description = "Name of the access role; null where it is not created."
  value       = module.roles.access_role_name
}

output "access_role_unique_id" {
  description = "Unique id of the access role; null where it is not created."
  value       = module.roles.access_role_unique_id
}

output "cmk_access_statement" {
  description = "The statement PlerionKmsCmkAccess as an object, to splice into another policy."
  value       = module.cmk_access.statement
}

output "cmk_access_policy_json" {
  description = "An identity policy with that statement alone, as JSON."
  value       = module.cmk_access.policy_json
}

output "metadata_policy_json" {
  description = "The identity policy that lets the access role read key metadata, as JSON."
  value       = module.roles.metadata_policy_json
}

output "same_account_key_policy_statements" {
  description = "The two key-policy additions for keys of the integration's account, as objects."
  value       = module.same_account_additions.statements
}

output "cross_account_key_policy_statements" {
  description = "The two key-policy additions for keys of other accounts, as objects; null without `integration_account_id`."
  value       = try(module.cross_account_additions[0].statements, null)
}
