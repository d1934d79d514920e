output "arn" {
  description = "ARN of the role; null where it is not looked up."
  value       = try(data.aws_iam_role.this[0].arn, null)
}

output "name" {
  description = "Name of the role, known once its tags are checked; null where it is not looked up."
  value       = try(data.aws_iam_role.this[0].name, null)
}

output "unique_id" {
  description = "Unique id of the role; null where it is not looked up."
  value       = try(data.aws_iam_role.this[0].unique_id, null)
}
