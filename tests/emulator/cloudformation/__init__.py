"""CloudFormation stacks of IAM types."""
