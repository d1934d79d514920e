# .tflint.hcl with the AWS ruleset beside it; 'tflint --init --config .tflint-aws.hcl' installs that.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

plugin "aws" {
  enabled = true
  version = "0.44.0"
  source  = "github.com/terraform-linters/tflint-ruleset-aws"
}
