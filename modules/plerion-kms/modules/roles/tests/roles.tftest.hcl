# `terraform test` of this file needs Terraform 1.7 or newer, for the mocked provider; the module itself needs 1.6.

mock_provider "aws" {
  mock_data "aws_iam_role" {
    defaults = {
      arn       = "arn:aws:iam::111122223333:role/plerion-stack-PlerionApplianceRole-1A2B3C"
      unique_id = "AROAEXAMPLE"
      # As if one role carried both tags.
      tags = { PlerionApplianceRole = "True", RolePurpose = "PlerionAccess", Owner = "Security" }
    }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/made" }
  }
}

variables {
  create                      = true
  create_roles                = true
  check_role_tags             = true
  appliance_role_is_used      = true
  access_role_is_used         = false
  external_id                 = "shown-by-plerion"
  appliance_role_name         = "PlerionApplianceRole"
  access_role_name            = "PlerionAccessRole"
  role_use_name_prefix        = false
  role_path                   = "/"
  role_permissions_boundary   = null
  role_max_session_duration   = null
  role_force_detach_policies  = false
  appliance_role_description  = "The appliance."
  access_role_description     = "The control plane."
  create_instance_profile     = true
  appliance_trusted_role_arns = []
  plerion_account_id          = "588158338731"
  attach_metadata_policy      = null
  metadata_policy_name        = "PlerionKmsMetadata"
  attach_policy_as            = "inline"
  policy_path                 = "/"
  partition                   = "aws"
  tags                        = {}
}

run "as_the_guide_has_them" {
  command = plan

  assert {
    condition     = aws_iam_role.appliance[0].name == "PlerionApplianceRole" && aws_iam_role.appliance[0].tags == tomap({ PlerionApplianceRole = "True" })
    error_message = "The appliance role's name or tag is not the guide's."
  }

  assert {
    condition     = aws_iam_role.access[0].name == "PlerionAccessRole" && aws_iam_role.access[0].tags == tomap({ RolePurpose = "PlerionAccess" })
    error_message = "The access role's name or tag is not the guide's."
  }

  assert {
    condition     = jsondecode(output.appliance_trust_policy_json).Statement == [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = ["ec2.amazonaws.com"] } }]
    error_message = "The appliance role is not left to EC2."
  }

  assert {
    condition = jsondecode(output.access_trust_policy_json).Statement == [{
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = "shown-by-plerion" } }
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::588158338731:root" }
    }]
    error_message = "The access role does not trust Plerion's account with the external id alone."
  }

  assert {
    condition     = aws_iam_instance_profile.appliance[0].name == "PlerionApplianceRole"
    error_message = "The instance profile is missing."
  }

  assert {
    condition     = length(data.aws_iam_role.appliance) + length(data.aws_iam_role.access) == 0
    error_message = "A role is looked up although the roles are created."
  }
}

run "every_option" {
  command = plan

  variables {
    role_use_name_prefix        = true
    role_path                   = "/plerion/"
    role_permissions_boundary   = "arn:aws:iam::111122223333:policy/Boundary"
    role_max_session_duration   = 7200
    role_force_detach_policies  = true
    appliance_role_description  = "One."
    access_role_description     = "Two."
    appliance_trusted_role_arns = ["arn:aws:iam::444455556666:role/PlerionInstanceProfileRole"]
    partition                   = "aws-cn"
    tags                        = { Owner = "Security", RolePurpose = "Other" }
  }

  assert {
    condition = alltrue([
      for role in [aws_iam_role.appliance[0], aws_iam_role.access[0]] :
      startswith(role.name_prefix, "PlerionA") && role.path == "/plerion/" && role.permissions_boundary == "arn:aws:iam::111122223333:policy/Boundary" && role.max_session_duration == 7200 && role.force_detach_policies && role.tags["Owner"] == "Security"
    ])
    error_message = "An option does not reach both roles."
  }

  assert {
    condition     = aws_iam_role.appliance[0].description == "One." && aws_iam_role.access[0].description == "Two."
    error_message = "The descriptions do not reach the roles."
  }

  assert {
    condition     = aws_iam_role.access[0].tags["RolePurpose"] == "PlerionAccess"
    error_message = "A given tag overrides the tag that key policies match on."
  }

  assert {
    condition     = jsondecode(output.appliance_trust_policy_json).Statement[0].Principal == { AWS = ["arn:aws:iam::444455556666:role/PlerionInstanceProfileRole"] } && length(aws_iam_instance_profile.appliance) == 0
    error_message = "A role that a service account uses is still left to EC2."
  }
}

run "nothing" {
  command = plan

  variables {
    create      = false
    external_id = null
  }

  assert {
    condition     = length(aws_iam_role.appliance) + length(aws_iam_role.access) + length(aws_iam_instance_profile.appliance) + length(data.aws_iam_role.appliance) + length(data.aws_iam_role.access) == 0 && output.metadata_policy_arn == null && length(output.access_role_arns) == 0
    error_message = "Something is created although create is false."
  }
}

run "existing_roles_that_are_used_are_looked_up" {
  command = plan

  variables {
    create_roles        = false
    appliance_role_name = "plerion-stack-PlerionApplianceRole-1A2B3C"
  }

  assert {
    condition     = output.appliance_role_arns == ["arn:aws:iam::111122223333:role/plerion-stack-PlerionApplianceRole-1A2B3C"] && output.appliance_role_unique_id == "AROAEXAMPLE" && output.appliance_role_name == "plerion-stack-PlerionApplianceRole-1A2B3C"
    error_message = "The role's ARN, unique ID and name are not passed on."
  }

  assert {
    condition     = length(data.aws_iam_role.access) == 0 && length(output.access_role_arns) == 0 && output.access_role_name == "PlerionAccessRole"
    error_message = "The access role is looked up although nothing uses it."
  }

  assert {
    condition     = length(aws_iam_role.appliance) + length(aws_iam_role.access) + length(aws_iam_instance_profile.appliance) == 0
    error_message = "A role is created although create_roles is false."
  }
}

run "the_metadata_policy_uses_an_existing_access_role" {
  command = plan

  variables {
    create_roles           = false
    appliance_role_is_used = false
    attach_metadata_policy = true
  }

  assert {
    condition     = length(data.aws_iam_role.access) == 1 && length(data.aws_iam_role.appliance) == 0
    error_message = "A role that does not get the metadata policy is looked up, or the access role is not."
  }
}

run "refuses_an_appliance_role_with_the_tag_in_other_case" {
  command = plan

  variables {
    create_roles = false
  }

  override_data {
    target = data.aws_iam_role.appliance
    values = { tags = { PlerionApplianceRole = "true", RolePurpose = "PlerionAccess" } }
  }

  expect_failures = [data.aws_iam_role.appliance]
}

run "refuses_an_access_role_without_the_tag" {
  command = plan

  variables {
    create_roles        = false
    access_role_is_used = true
  }

  override_data {
    target = data.aws_iam_role.access
    values = { tags = { PlerionApplianceRole = "True" } }
  }

  expect_failures = [data.aws_iam_role.access]
}

run "unchecked_roles_are_not_looked_up" {
  command = plan

  variables {
    create_roles           = false
    check_role_tags        = false
    access_role_is_used    = true
    attach_metadata_policy = true
  }

  assert {
    condition     = length(data.aws_iam_role.appliance) + length(data.aws_iam_role.access) == 0 && output.appliance_role_name == "PlerionApplianceRole" && length(output.appliance_role_arns) == 0
    error_message = "A role is looked up although check_role_tags is false."
  }
}
