output "stack_set_names" {
  description = "Target -> the name of its StackSet."
  value       = { for name, stack_set in aws_cloudformation_stack_set.this : name => stack_set.name }
}

output "template_json" {
  description = "The template that every account gets, as JSON."
  value       = jsonencode(local.template)
}

output "stacks" {
  description = "Target -> the stacks that it has: account, organizational unit and stack id."
  value       = { for name, instance in aws_cloudformation_stack_set_instance.this : name => instance.stack_instance_summaries }
}
