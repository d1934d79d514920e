output "policy_json" {
  description = "The policies that are set, as JSON, by the names of the keys."
  value       = { for name, policy in module.merged : name => policy.policy_json }
}

output "statements" {
  description = "The additions as objects."
  value       = try(values(module.merged)[0].statements, [])
}

output "tags" {
  description = "The values of the tag PlerionAccess that are set, by the names of the keys."
  value       = { for name, key in local.with_tag : name => key.plerion_access_tag }
}
