output "cmk_access_policy_json" {
  description = "Identity policy for the appliance role."
  value       = module.plerion_kms.cmk_access_policy_json
}

output "metadata_policy_json" {
  description = "Identity policy for the access role."
  value       = module.plerion_kms.metadata_policy_json
}

output "appliance_trust_policy_json" {
  description = "Trust policy for the appliance role."
  value       = module.plerion_kms.appliance_trust_policy_json
}

output "access_trust_policy_json" {
  description = "Trust policy for the access role; null without `external_id`."
  value       = var.external_id == null ? null : module.plerion_kms.access_trust_policy_json
}

output "same_account_key_policy_statements" {
  description = "What to add to the policies of keys in the integration's account that do not delegate to it."
  value       = module.plerion_kms.same_account_key_policy_statements
}

output "cross_account_key_policy_statements" {
  description = "What to add to the policies of keys in other accounts."
  value       = module.plerion_kms.cross_account_key_policy_statements
}
