output "appliance_role_arn" {
  description = "ARN of the appliance role, created or looked up; null if neither."
  value       = one(module.roles.appliance_role_arns)
}

output "appliance_role_name" {
  description = "Name of the appliance role, created, looked up or given."
  value       = module.roles.appliance_role_name
}

output "appliance_role_unique_id" {
  description = "Unique id of the appliance role, created or looked up; null if neither."
  value       = module.roles.appliance_role_unique_id
}

output "appliance_instance_profile_arn" {
  description = "ARN of the appliance role's instance profile; null if it is not created."
  value       = module.roles.appliance_instance_profile_arn
}

output "appliance_instance_profile_name" {
  description = "Name of the appliance role's instance profile; null if it is not created."
  value       = module.roles.appliance_instance_profile_name
}

output "access_role_arn" {
  description = "ARN of the access role, created or looked up; null if neither."
  value       = one(module.roles.access_role_arns)
}

output "access_role_name" {
  description = "Name of the access role, created, looked up or given."
  value       = module.roles.access_role_name
}

output "access_role_unique_id" {
  description = "Unique id of the access role, created or looked up; null if neither."
  value       = module.roles.access_role_unique_id
}

output "appliance_role_tags" {
  description = "The tags of the appliance role that key policies match on."
  value       = module.roles.appliance_role_tags
}

output "access_role_tags" {
  description = "The tags of the access role that key policies match on."
  value       = module.roles.access_role_tags
}

output "appliance_trust_policy_json" {
  description = "The appliance role's trust policy, as JSON."
  value       = module.roles.appliance_trust_policy_json
}

output "access_trust_policy_json" {
  description = "The access role's trust policy, as JSON; it cannot be used without `external_id`."
  value       = module.roles.access_trust_policy_json
}

output "cmk_access_statement" {
  description = "The statement PlerionKmsCmkAccess as an object, to splice into another policy."
  value       = module.cmk_access.statement

  precondition {
    condition     = length(var.key_arns) == 0 || length(var.key_account_ids) + length(var.key_regions) == 0
    error_message = "key_arns lists the keys one by one, so key_account_ids and key_regions would have no effect: remove key_arns, or the other two."
  }
}

output "cmk_access_statements" {
  description = "That statement and those that the options add, as objects."
  value       = module.cmk_access.statements
}

output "cmk_access_policy_json" {
  description = "An identity policy with these statements, as JSON."
  value       = module.cmk_access.policy_json
}

output "cmk_access_policy_name" {
  description = "Name of that policy on the appliance role; null if it is not attached."
  value       = module.cmk_access.policy_name
}

output "cmk_access_policy_arn" {
  description = "ARN of that policy if it is managed; null if it is inline or not attached."
  value       = module.cmk_access.policy_arn
}

output "metadata_statement" {
  description = "The statement that lets the access role read key metadata, as an object."
  value       = module.roles.metadata_statement
}

output "metadata_statements" {
  description = "That statement and the statement for listing keys and aliases, as objects."
  value       = module.roles.metadata_statements
}

output "metadata_policy_json" {
  description = "The identity policy that lets the access role read key metadata, as JSON."
  value       = module.roles.metadata_policy_json
}

output "metadata_policy_arn" {
  description = "ARN of that policy if it is managed; null if it is inline or not attached."
  value       = module.roles.metadata_policy_arn
}

output "same_account_key_policy_statements" {
  description = "The key-policy additions for keys of the integration's account, as objects."
  value       = module.same_account_additions.statements

  precondition {
    condition     = !local.pin_additions_to_roles || (length(local.pinned_appliance_role_arns) > 0 && length(local.pinned_access_role_arns) > 0)
    error_message = "The ARNs of both roles must be known to pin the additions to them, which hardened or pin_additions_to_roles asks for: set appliance_role_arns and access_role_arns, leave create and check_role_tags true, or set pin_additions_to_roles = false."
  }
}

output "cross_account_key_policy_statements" {
  description = "The key-policy additions for keys of other accounts, as objects; null without `integration_account_id`."
  value       = one(module.cross_account_additions[*].statements)
}

output "pinned_appliance_role_arns" {
  description = "The ARNs of the appliance role that the additions are pinned to, for `appliance_role_arns` of modules/key-access and modules/key-policy; empty if they are not pinned."
  value       = local.pinned_appliance_role_arns
}

output "pinned_access_role_arns" {
  description = "The same for the access role and `access_role_arns`."
  value       = local.pinned_access_role_arns
}

output "tag_is_binding" {
  description = "Whether the appliance role is denied by the tag, for `tag_is_binding` of modules/key-access."
  value       = local.tag_is_binding
}
