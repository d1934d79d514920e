output "mode" {
  value = { for mode, module in module.mode : mode => module.cmk_access_policy_json }
}

output "limited" {
  value = module.limited.cmk_access_policy_json
}

output "govcloud" {
  value = module.govcloud.cmk_access_policy_json
}

output "named_keys" {
  value = module.named_keys.cmk_access_policy_json
}

output "metadata" {
  value = module.named_keys.metadata_policy_json
}

output "hardened" {
  value = { for mode, module in module.hardened : mode => module.cmk_access_policy_json }
}

output "additions" {
  value = { for form, module in module.additions : form => module.policy_json }
}

output "several_integrations" {
  value = module.several_integrations.policy_json
}

output "without_additions" {
  value = { for name, module in module.merged_twice : name => module.policy_json_without_additions }
}

output "losing_access" {
  value = { for name, module in module.merged : name => module.losing_access }
}

output "delegation" {
  value = { for name, module in module.delegation : name => module.delegation }
}

output "limited_additions" {
  value = module.limited_additions.statements
}

output "merged" {
  value = { for name, module in module.merged : name => module.policy_json }
}

output "merged_bytes" {
  value = { for name, module in module.merged : name => module.policy_bytes }
}

output "merged_twice" {
  value = { for name, module in module.merged_twice : name => module.policy_json }
}

output "removed" {
  value = { for name, module in module.removed : name => module.policy_json }
}
