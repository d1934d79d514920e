output "appliance_role_arn" {
  description = "ARN of the appliance role, created or looked up; null where neither."
  value       = local.appliance_role_arn
}

output "appliance_role_name" {
  description = "Name of the appliance role, created or given."
  value       = local.appliance_role_name
}

output "appliance_role_unique_id" {
  description = "Unique id of the appliance role, created or looked up; null where neither."
  value       = var.create_roles ? module.roles.appliance_role_unique_id : module.existing_appliance_role.unique_id
}

output "appliance_instance_profile_arn" {
  description = "ARN of the appliance role's instance profile; null where it is not created."
  value       = module.roles.appliance_instance_profile_arn
}

output "appliance_instance_profile_name" {
  description = "Name of the appliance role's instance profile; null where it is not created."
  value       = module.roles.appliance_instance_profile_name
}

output "access_role_arn" {
  description = "ARN of the access role, created or looked up; null where neither."
  value       = local.access_role_arn
}

output "access_role_name" {
  description = "Name of the access role, created or given."
  value       = local.access_role_name
}

output "access_role_unique_id" {
  description = "Unique id of the access role, created or looked up; null where neither."
  value       = var.create_roles ? module.roles.access_role_unique_id : module.existing_access_role.unique_id
}

output "appliance_trust_policy_json" {
  description = "The appliance role's trust policy, as JSON."
  value       = module.roles.appliance_trust_policy_json
}

output "access_trust_policy_json" {
  description = "The access role's trust policy, as JSON; without `external_id` it is not fit for use."
  value       = module.roles.access_trust_policy_json
}

output "cmk_access_statement" {
  description = "The statement PlerionKmsCmkAccess as an object, to splice into another policy."
  value       = module.cmk_access.statement

  precondition {
    condition     = length(var.key_arns) == 0 || length(var.key_account_ids) + length(var.key_regions) == 0
    error_message = "key_arns names the keys one by one, so key_account_ids and key_regions would have no effect: leave out key_arns, or those two."
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
  description = "Name of that policy on the appliance role; null where it is not attached."
  value       = module.cmk_access.policy_name
}

output "cmk_access_policy_arn" {
  description = "ARN of that policy where it is managed; null where it is inline or not attached."
  value       = module.cmk_access.policy_arn
}

output "metadata_statement" {
  description = "The statement that lets the access role read key metadata, as an object."
  value       = module.roles.metadata_statement
}

output "metadata_statements" {
  description = "That statement and the one that lets the access role list keys and aliases, as objects."
  value       = module.roles.metadata_statements
}

output "metadata_policy_json" {
  description = "The identity policy that lets the access role read key metadata, as JSON."
  value       = module.roles.metadata_policy_json
}

output "metadata_policy_arn" {
  description = "ARN of that policy where it is managed; null where it is inline or not attached."
  value       = try(coalesce(module.roles.metadata_policy_arn, module.metadata_policy.policy_arn), null)
}

output "same_account_key_policy_statements" {
  description = "The key-policy additions for keys of the integration's account, as objects."
  value       = module.same_account_additions.statements

  precondition {
    condition     = !local.pin_additions_to_roles || (length(local.pinned_appliance_role_arns) > 0 && length(local.pinned_access_role_arns) > 0)
    error_message = "The ARNs of the two roles are not known, so the additions can't be pinned to them as hardened or pin_additions_to_roles asks: set appliance_role_arns and access_role_arns, leave create and check_role_tags true, or set pin_additions_to_roles = false."
  }
}

output "cross_account_key_policy_statements" {
  description = "The key-policy additions for keys of other accounts, as objects; null without `integration_account_id`."
  value       = try(module.cross_account_additions[0].statements, null)
}

output "pinned_appliance_role_arns" {
  description = "The ARNs of the appliance role that the additions are pinned to, for `appliance_role_arns` of modules/key-access and modules/key-policy; empty where they are not pinned."
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
