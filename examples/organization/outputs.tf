output "stack_set_names" {
  description = "The names of the StackSets, by target."
  value       = { for name, stack_set in aws_cloudformation_stack_set.this : name => stack_set.name }
}

output "template_json" {
  description = "The template that every account gets, as JSON."
  value       = jsonencode(local.template)
}

output "stacks" {
  description = "The stacks of each target: account, organizational unit and stack ID."
  value       = { for name, instance in aws_cloudformation_stack_set_instance.this : name => instance.stack_instance_summaries }
}
