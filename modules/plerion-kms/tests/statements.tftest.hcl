# `terraform test` of this file needs Terraform 1.7 or newer, for the mocked provider; the module itself needs 1.6.

mock_provider "aws" {
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/made" }
  }
}

run "nothing_is_created_and_all_is_rendered" {
  command = plan

  variables {
    create = false
  }

  assert {
    condition     = output.cmk_access_policy_name == null && output.cmk_access_policy_arn == null && output.appliance_role_arn == null
    error_message = "Something is created or looked up although create is false."
  }

  assert {
    condition     = jsondecode(output.cmk_access_policy_json).Statement == [output.cmk_access_statement] && output.cmk_access_statements == [output.cmk_access_statement]
    error_message = "Without options the policy holds more or less than the one statement."
  }
}

run "every_option" {
  command = plan

  variables {
    create                        = false
    kms_key_access_mode           = "SELECTED_KEYS"
    partition                     = "aws-us-gov"
    key_account_ids               = ["111122223333", "444455556666"]
    key_regions                   = ["us-gov-west-1"]
    via_services                  = ["ec2.*.amazonaws.com"]
    grants_only_for_aws_resources = true
    tag_is_binding                = true
  }

  assert {
    condition     = output.cmk_access_statement.Resource == ["arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/*", "arn:aws-us-gov:kms:us-gov-west-1:444455556666:key/*"]
    error_message = "Partition, accounts and Regions do not limit Resource."
  }

  assert {
    condition     = jsonencode(output.cmk_access_statement.Condition) == jsonencode({ StringEqualsIgnoreCase = { "aws:ResourceTag/PlerionAccess" = "Granted" }, StringLike = { "kms:ViaService" = ["ec2.*.amazonaws.com"] } })
    error_message = "The condition is not the mode's with kms:ViaService."
  }

  assert {
    condition     = output.cmk_access_statements[*].Sid == ["PlerionKmsCmkAccess", "PlerionKmsCmkAccessGrants", "PlerionKmsCmkAccessTagIsBinding"]
    error_message = "The statements of the options are missing, or out of order."
  }

  assert {
    condition     = !contains(output.cmk_access_statement.Action, "kms:CreateGrant") && output.cmk_access_statements[1].Action == ["kms:CreateGrant"] && output.cmk_access_statements[1].Condition.Bool == { "kms:GrantIsForAWSResource" = "true" }
    error_message = "CreateGrant is not left to AWS services alone."
  }

  assert {
    condition     = output.cmk_access_statements[2].Effect == "Deny" && jsonencode(output.cmk_access_statements[2].Condition) == jsonencode({ StringNotEqualsIgnoreCase = { "aws:ResourceTag/PlerionAccess" = "Granted" }, "ForAllValues:StringNotLike" = { "kms:ResourceAliases" = "alias/aws/*" } }) && output.cmk_access_statements[2].Resource == ["arn:aws-us-gov:kms:*:*:key/*"]
    error_message = "The Deny does not cover every customer managed key that is not tagged Granted."
  }
}
