# `terraform test` of this file needs Terraform 1.7 or newer, for the mocked provider; the module itself needs 1.6.

mock_provider "aws" {
  mock_data "aws_iam_role" {
    defaults = {
      arn       = "arn:aws:iam::111122223333:role/found"
      unique_id = "AROAEXAMPLE"
      # As if one role carried both tags.
      tags = { PlerionApplianceRole = "True", RolePurpose = "PlerionAccess" }
    }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws-us-gov" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/made" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made" }
  }
}

run "roles_created_and_the_additions_pinned_to_them" {
  command = apply

  variables {
    external_id            = "shown-by-plerion"
    integration_account_id = "111122223333"
    pin_additions_to_roles = true
    attach_policy_as       = "managed"
  }

  assert {
    condition     = output.appliance_role_name == "PlerionApplianceRole" && output.access_role_name == "PlerionAccessRole" && output.appliance_instance_profile_name == "PlerionApplianceRole"
    error_message = "The roles' names are not passed on."
  }

  assert {
    condition     = output.cmk_access_statement.Resource == ["arn:aws-us-gov:kms:*:*:key/*"] && startswith(jsondecode(output.access_trust_policy_json).Statement[0].Principal.AWS, "arn:aws-us-gov:")
    error_message = "The documents are not for the provider's partition."
  }

  assert {
    condition     = output.cmk_access_policy_arn != null && output.metadata_policy_arn != null
    error_message = "The policies are not managed ones."
  }

  assert {
    condition = alltrue([
      for statement in concat(output.same_account_key_policy_statements, output.cross_account_key_policy_statements) :
      jsonencode(statement.Condition.ArnEquals) == jsonencode({ "aws:PrincipalArn" = ["arn:aws:iam::111122223333:role/made"] })
    ])
    error_message = "The additions are not pinned to the roles."
  }
}

run "existing_roles" {
  command = plan

  variables {
    create_roles           = false
    attach_metadata_policy = true
    pin_additions_to_roles = true
  }

  assert {
    condition     = output.appliance_role_name == "PlerionApplianceRole" && output.appliance_role_arn == "arn:aws:iam::111122223333:role/found" && output.access_role_unique_id == "AROAEXAMPLE" && output.appliance_instance_profile_arn == null
    error_message = "The roles that were found are not passed on."
  }

  assert {
    condition     = output.cmk_access_policy_name == "PlerionKmsCmkAccess"
    error_message = "The statement is not attached."
  }
}

run "hardened_but_for_one_option" {
  command = plan

  variables {
    create_roles                  = false
    hardened                      = true
    grants_only_for_aws_resources = false
  }

  assert {
    condition     = output.cmk_access_statements[*].Sid == ["PlerionKmsCmkAccess", "PlerionKmsCmkAccessTagIsBinding"] && output.tag_is_binding
    error_message = "The options do not follow hardened, or one that is set itself does."
  }

  assert {
    condition     = output.pinned_appliance_role_arns == tolist(["arn:aws:iam::111122223333:role/found"]) && output.pinned_access_role_arns == tolist(["arn:aws:iam::111122223333:role/found"])
    error_message = "The additions are not pinned to the roles that were found."
  }

  assert {
    condition     = alltrue([for statement in output.same_account_key_policy_statements : !can(statement.Condition.StringLike)])
    error_message = "hardened limits the appliance to calls through AWS services."
  }
}

run "arns_given_pin_without_further_options" {
  command = plan

  variables {
    create              = false
    appliance_role_arns = ["arn:aws:iam::111122223333:role/Appliance"]
    access_role_arns    = ["arn:aws:iam::111122223333:role/Access"]
  }

  assert {
    condition     = [for statement in output.same_account_key_policy_statements : statement.Condition.ArnEquals["aws:PrincipalArn"][0]] == ["arn:aws:iam::111122223333:role/Appliance", "arn:aws:iam::111122223333:role/Access"]
    error_message = "The additions are not pinned to the given ARNs."
  }

  assert {
    condition     = !output.tag_is_binding && output.cmk_access_statements == [output.cmk_access_statement]
    error_message = "ARNs switch on more than the pins."
  }
}

run "documents_only" {
  command = plan

  variables {
    create = false
  }

  assert {
    condition     = output.appliance_role_arn == null && output.cmk_access_policy_name == null && output.metadata_policy_arn == null && output.cross_account_key_policy_statements == null
    error_message = "Something is created although create is false."
  }

  assert {
    condition     = jsondecode(output.cmk_access_policy_json).Statement == [output.cmk_access_statement] && length(output.same_account_key_policy_statements) == 2
    error_message = "The documents are not rendered."
  }

  assert {
    condition     = output.cmk_access_statement.Resource == ["arn:aws:kms:*:*:key/*"] && output.metadata_statement.Resource == "arn:aws:kms:*:*:key/*"
    error_message = "Without a provider the documents are not the guide's."
  }
}
