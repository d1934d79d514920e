# `terraform test` of this file needs Terraform 1.7 or newer, for the mocked provider; the module itself needs 1.6.

mock_provider "aws" {
  mock_data "aws_service" {
    defaults = { region = "eu-west-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
}

run "policies_and_tags_of_the_keys_that_ask_for_them" {
  command = plan

  variables {
    kms_key_access_mode = "SELECTED_KEYS"
    keys = {
      policy    = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}" }
      tag       = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/2", plerion_access_tag = "Granted" }
      both      = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/3", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", plerion_access_tag = "Granted" }
      taken_out = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/4", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", grant_plerion_access = false }
    }
  }

  assert {
    condition     = { for name, policy in aws_kms_key_policy.this : name => policy.key_id } == { policy = "mrk-1", both = "3", taken_out = "4" }
    error_message = "Other keys get a policy than those that ask for it."
  }

  assert {
    condition     = alltrue([for policy in aws_kms_key_policy.this : policy.bypass_policy_lockout_safety_check == false])
    error_message = "KMS's check against lockout is off."
  }

  assert {
    condition     = length(jsondecode(output.policy_json["policy"]).Statement) == 3 && length(jsondecode(output.policy_json["taken_out"]).Statement) == 1
    error_message = "The additions are not merged, or not taken out."
  }

  assert {
    condition     = output.tags == { tag = "Granted", both = "Granted" } && keys(terraform_data.tag) == ["both", "tag"]
    error_message = "Other keys are tagged than those that ask for it."
  }
}

run "warnings_in_all_keys" {
  command = plan

  variables {
    kms_key_access_mode = "ALL_KEYS"
    keys = {
      denied  = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", plerion_access_tag = "Denied" }
      granted = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/2", plerion_access_tag = "Granted" }
    }
  }

  expect_failures = [check.denied_tag_against_additions, check.granted_tag_in_all_keys]
}

run "warnings_in_selected_keys" {
  command = plan

  variables {
    kms_key_access_mode = "SELECTED_KEYS"
    keys = {
      denied  = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", plerion_access_tag = "Denied" }
      granted = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/2", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", plerion_access_tag = "Granted" }
    }
  }

  expect_failures = [check.denied_tag_in_selected_keys, check.granted_tag_on_isolated_keys]
}

run "warning_across_accounts" {
  command = plan

  variables {
    integration_account_id = "444455556666"
    keys = {
      denied = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", plerion_access_tag = "Denied" }
    }
  }

  expect_failures = [check.denied_tag_makes_additions_idle]
}

run "a_binding_tag_needs_no_warning" {
  command = plan

  variables {
    kms_key_access_mode = "SELECTED_KEYS"
    tag_is_binding      = true
    keys = {
      granted = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/2", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", plerion_access_tag = "Granted" }
    }
  }
}

run "hardened_follows_the_tag_and_asks_for_arns" {
  command = plan

  variables {
    kms_key_access_mode = "SELECTED_KEYS"
    hardened            = true
    keys = {
      granted = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/2", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", plerion_access_tag = "Granted" }
    }
  }

  expect_failures = [output.policy_json]
}

run "hardened_without_additions_needs_no_arns" {
  command = plan

  variables {
    hardened = true
    keys = {
      taken_out = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/2", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", grant_plerion_access = false }
      tag       = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/3", plerion_access_tag = "Granted" }
    }
  }
}

run "the_provider_of_another_place_is_refused" {
  command = plan

  variables {
    keys = {
      wrong = { key_arn = "arn:aws:kms:us-east-1:444455556666:key/mrk-1", plerion_access_tag = "Denied" }
    }
  }

  expect_failures = [data.aws_service.kms, data.aws_caller_identity.this]
}

run "nothing" {
  command = plan

  variables {
    create = false
    keys = {
      policy = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", plerion_access_tag = "Denied" }
    }
  }

  assert {
    condition     = length(aws_kms_key_policy.this) + length(terraform_data.tag) + length(terraform_data.untag) + length(terraform_data.restore) + length(data.aws_service.kms) + length(data.aws_caller_identity.this) == 0
    error_message = "Something is set or read although create is false."
  }
}
