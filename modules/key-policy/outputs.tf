output "statements" {
  description = "The additions as objects, to insert into a key policy."
  value       = local.statements
}

output "policy_json" {
  description = "The given policy with the additions merged into it, as JSON, or only the additions if no policy is given. No given statement is lost, and merging twice changes nothing. Removing the additions restores the given policy, except its Version, which stays 2012-10-17."
  value       = local.merged_json

  precondition {
    condition     = length(local.problems) == 0
    error_message = try(local.problems[0], "")
  }
}

output "policy_json_without_additions" {
  description = "The given policy without the additions and otherwise unchanged, as JSON; null if nothing else is in it."
  value       = length(local.others) == 0 ? null : jsonencode(merge(local.given, { Statement = local.others }))
}

output "policy_bytes" {
  description = "Size of `policy_json` in bytes, as Terraform's provider sends it. KMS accepts 32768."
  value       = local.merged_bytes
}

output "delegation" {
  description = "What the given policy delegates to identity policies of the key's account, for each role (`appliance`, `access`); null without `key_arn`. `delegates` is \"fully\", \"partly\" or \"not at all\". `missing_actions` are the role's actions that are not certainly delegated: a condition that may fail or a Deny that may cover the role makes an action count as missing."
  value       = var.key_arn == null ? null : local.delegation
}

output "losing_access" {
  description = "Accounts and role ARNs that the additions in the given policy name, and the merged ones do not."
  value       = local.losing_access
}
