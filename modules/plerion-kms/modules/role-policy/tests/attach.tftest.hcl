# `terraform test` of this file needs Terraform 1.7 or newer, for the mocked provider; the module itself needs 1.6.

mock_provider "aws" {
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/made" }
  }
}

variables {
  create             = true
  role_name          = "PlerionApplianceRole"
  attach_policy_as   = "inline"
  policy_name        = "PlerionKmsCmkAccess"
  policy_path        = "/"
  policy_description = null
  policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  tags               = {}
}

run "inline" {
  command = plan

  assert {
    condition     = aws_iam_role_policy.this[0].role == "PlerionApplianceRole" && length(aws_iam_policy.this) == 0 && output.policy_arn == null
    error_message = "An inline policy is not alone on the role."
  }
}

run "managed" {
  command = plan

  variables {
    attach_policy_as   = "managed"
    policy_path        = "/plerion/"
    policy_description = "Made by Terraform."
    tags               = { Owner = "Security" }
  }

  assert {
    condition     = aws_iam_policy.this[0].path == "/plerion/" && aws_iam_policy.this[0].description == "Made by Terraform." && aws_iam_policy.this[0].tags["Owner"] == "Security"
    error_message = "Path, description or tags do not reach the managed policy."
  }

  assert {
    condition     = aws_iam_role_policy_attachment.this[0].role == "PlerionApplianceRole" && length(aws_iam_role_policy.this) == 0
    error_message = "The managed policy is not alone on the role."
  }
}
