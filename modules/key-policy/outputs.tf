output "statements" {
  description = "The additions as objects, to splice into a key policy."
  value       = local.statements
}

output "policy_json" {
  description = "The given policy with the additions merged into it, as JSON; without a given policy the additions alone. No given statement is lost, and twice gives the same. Taking the additions out gives the given policy back, but for its Version, which stays 2012-10-17."
  value       = local.merged_json

  precondition {
    condition     = !local.changes_a_text
    error_message = "policy_json has a Version before 2012-10-17 and holds the text ${local.variable_opening}, which would turn into a policy variable: rewrite that text, set \"Version\": \"2012-10-17\" yourself, and apply again."
  }

  precondition {
    condition     = length(local.merged_statements) > 0
    error_message = "The merged key policy would hold no statement, which KMS refuses: give policy_json with the statements that are to stay."
  }

  precondition {
    condition     = !can(regex("[^\\t\\n\\r\\x20-\\x{FF}]", local.merged_json))
    error_message = "policy_json holds a character beyond U+00FF, which KMS takes in no key policy: replace it, for instance in a Sid."
  }

  precondition {
    condition     = local.merged_bytes <= 32768
    error_message = "The merged key policy has ${local.merged_bytes} bytes, more than the 32768 that KMS accepts: shorten the policy that you give."
  }
}

output "policy_bytes" {
  description = "Size of that policy in bytes; KMS accepts 32768."
  value       = local.merged_bytes
}
