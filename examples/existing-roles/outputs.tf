output "appliance_role_name" {
  description = "Name of the role that the statement is attached to."
  value       = module.plerion_kms.appliance_role_name
}
