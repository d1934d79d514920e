output "statements" {
  description = "The two statements as objects, to splice into a key policy."
  value       = local.statements
}

output "policy_json" {
  description = "The given policy with the two statements merged into it, as JSON; without a given policy the two statements alone."
  value       = local.merged_json

  precondition {
    condition     = !local.changes_a_text
    error_message = "policy_json has a Version before 2012-10-17 and holds the text ${local.variable_opening}, which would turn into a policy variable: rewrite that text, set \"Version\": \"2012-10-17\" yourself, and apply again."
  }

  precondition {
    condition     = local.merged_bytes <= 32768
    error_message = "The merged key policy is larger than the 32768 bytes that KMS accepts: shorten the policy that you give."
  }
}
