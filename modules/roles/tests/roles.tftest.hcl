# `terraform test` of this file needs Terraform 1.7 or newer, for the mocked provider; the module itself needs 1.6.

mock_provider "aws" {
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/made" }
  }
}

variables {
  external_id = "shown-by-plerion"
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
    error_message = "A given tag wins against the one that key policies know the role by."
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
    condition     = length(aws_iam_role.appliance) + length(aws_iam_role.access) + length(aws_iam_instance_profile.appliance) == 0 && output.metadata_policy_arn == null && output.access_role_arn == null
    error_message = "Something is created although create is false."
  }
}
