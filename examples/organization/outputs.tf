output "stack_set_name" {
  description = "Name of the StackSet."
  value       = aws_cloudformation_stack_set.this.name
}

output "template_json" {
  description = "The template that every account gets, as JSON."
  value       = aws_cloudformation_stack_set.this.template_body
}

output "stacks" {
  description = "Target -> the stacks that it has: account, organizational unit and stack id."
  value       = { for name, instance in aws_cloudformation_stack_set_instance.this : name => instance.stack_instance_summaries }
}
