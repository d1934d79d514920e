# The Terraform ruleset is part of tflint and needs no network. 'make lint' uses .tflint-aws.hcl instead where the AWS
# ruleset is installed: tflint refuses a configuration that names a plugin it does not find.
plugin "terraform" {
  enabled = true
  preset  = "all"
}
