output "policy_json" {
  description = "The policies that are set, as JSON, by key name."
  value       = { for name, policy in module.merged : name => policy.policy_json }

  precondition {
    condition = !var.hardened || (length(var.appliance_role_arns) > 0 && length(var.access_role_arns) > 0) || !anytrue([
      for key in local.with_policy : key.grant_plerion_access
    ])
    error_message = "hardened requires the ARNs of both roles, to pin the additions to them: set appliance_role_arns and access_role_arns, or set tag_is_binding instead of hardened."
  }
}

output "statements" {
  description = "The additions as objects."
  value       = module.additions.statements
}

output "statements_json" {
  description = "The additions as the JSON of a policy, for the owner of keys that are not listed here, for example of another Terraform state or of a CloudFormation stack."
  value       = module.additions.policy_json
}

output "delegation" {
  description = "What each policy delegates to the identity policies of the account's roles, by key name, in the form of `delegation` of modules/key-policy."
  value       = { for name, policy in module.merged : name => policy.delegation }
}

output "tags" {
  description = "The values of the tag PlerionAccess that are set, by key name."
  value       = { for name, key in local.with_tag : name => key.plerion_access_tag }
}
