# `terraform test` of this file needs Terraform 1.7 or newer, for the mocked provider; the module itself needs 1.6.

mock_provider "aws" {
  mock_data "aws_iam_role" {
    defaults = {
      arn       = "arn:aws:iam::111122223333:role/plerion-stack-PlerionApplianceRole-1A2B3C"
      unique_id = "AROAEXAMPLE"
      tags      = { PlerionApplianceRole = "True", Owner = "Security" }
    }
  }
}

variables {
  role_name     = "plerion-stack-PlerionApplianceRole-1A2B3C"
  required_tags = { PlerionApplianceRole = "True" }
}

run "finds_the_role" {
  command = plan

  assert {
    condition     = output.arn == "arn:aws:iam::111122223333:role/plerion-stack-PlerionApplianceRole-1A2B3C" && output.unique_id == "AROAEXAMPLE"
    error_message = "The role's ARN and unique id are not handed on."
  }
}

run "refuses_a_tag_in_other_letters" {
  command = plan

  variables {
    required_tags = { PlerionApplianceRole = "true" }
  }

  expect_failures = [data.aws_iam_role.this]
}

run "reads_nothing_when_switched_off" {
  command = plan

  variables {
    create    = false
    role_name = null
  }

  assert {
    condition     = length(data.aws_iam_role.this) == 0 && output.name == null && output.arn == null
    error_message = "A data source is read although create is false."
  }
}
