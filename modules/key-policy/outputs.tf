output "statements" {
  description = "The additions as objects, to splice into a key policy."
  value       = local.statements
}

output "policy_json" {
  description = "The given policy with the additions merged into it, as JSON; without a given policy the additions alone. No given statement is lost, and twice gives the same. Taking the additions out gives the given policy back, but for its Version, which stays 2012-10-17."
  value       = local.merged_json

  precondition {
    condition     = length(local.problems) == 0
    error_message = try(local.problems[0], "")
  }
}

output "policy_json_without_additions" {
  description = "The given policy without the additions and otherwise as it is, as JSON; null where nothing else is in it."
  value       = length(local.others) == 0 ? null : jsonencode(merge(local.given, { Statement = local.others }))
}

output "policy_bytes" {
  description = "Size of `policy_json` in bytes, as Terraform's provider sends it; KMS accepts 32768."
  value       = local.merged_bytes
}

output "delegation" {
  description = "What the given policy leaves to identity policies of the key's account, for each role (`appliance`, `access`); null without `key_arn`. `delegates` is \"fully\", \"partly\" or \"not at all\", `missing_actions` are those of the role that are not delegated for certain: a condition that may fail, and a Deny that may cover the role, count as missing."
  value       = var.key_arn == null ? null : local.delegation
}

output "losing_access" {
  description = "Accounts and role ARNs that the given policy's own form of the additions names, and that the merged one does not."
  value       = local.losing_access
}
