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
    condition     = keys(terraform_data.try_restore) == ["both", "policy", "taken_out"] && terraform_data.try_restore["policy"].input.restore == "yes"
    error_message = "A key's policy is set without a way back."
  }

  assert {
    condition     = jsondecode(terraform_data.restore["policy"].input.policy).Statement[0] == jsondecode("{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}").Statement
    error_message = "Another policy is restored than the given one."
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
    integration_account_ids = ["444455556666"]
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
    condition     = length(aws_kms_key_policy.this) + length(terraform_data.tag) + length(terraform_data.untag) + length(terraform_data.restore) + length(terraform_data.try_restore) + length(terraform_data.key_arn) + length(terraform_data.replace_key_policy) + length(data.aws_service.kms) + length(data.aws_caller_identity.this) == 0
    error_message = "Something is set or read although create is false."
  }
}

run "no_restore" {
  command = plan

  variables {
    restore_policy_on_destroy = false
    keys = {
      policy = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}" }
    }
  }

  assert {
    condition     = terraform_data.restore["policy"].input.restore == "no" && terraform_data.try_restore["policy"].input.restore == "no"
    error_message = "The policy is restored against the customer's wish."
  }
}

run "without_the_lockout_check_the_first_restore_is_the_last" {
  command = plan

  variables {
    bypass_policy_lockout_safety_check = true
    keys = {
      policy = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}" }
    }
  }

  assert {
    condition     = terraform_data.try_restore["policy"].input.restore == "yes" && terraform_data.try_restore["policy"].input.bypass == "yes"
    error_message = "The given policy may not be put where it locks the caller out."
  }

  assert {
    condition     = terraform_data.restore["policy"].input.restore == "no"
    error_message = "The given policy is put again by a caller that it may lock out."
  }
}

run "several_integrations" {
  command = plan

  variables {
    integration_account_ids = ["111122223333", "444455556666"]
    keys = {
      denied = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}", plerion_access_tag = "Denied" }
    }
  }

  # The integration of the keys' own account has the same-account form's effect.
  expect_failures = [check.denied_tag_against_additions]

  assert {
    condition     = output.statements[0].Condition.StringEquals["aws:PrincipalAccount"] == ["111122223333", "444455556666"]
    error_message = "Not every integration is let in."
  }
}

run "the_one_integration_of_the_keys_own_account" {
  command = plan

  variables {
    integration_account_ids = ["111122223333"]
    keys = {
      policy = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/Admin\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}" }
    }
  }

  assert {
    condition     = jsondecode(output.statements_json).Statement[0].Condition.StringEquals["aws:PrincipalAccount"] == "$${aws:ResourceAccount}"
    error_message = "The same-account form is not the guide's."
  }
}

run "keys_that_delegate_in_part" {
  command = plan

  variables {
    keys = {
      open     = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111122223333\"},\"Action\":[\"kms:Create*\",\"kms:Describe*\",\"kms:Get*\",\"kms:List*\"],\"Resource\":\"*\"}}", grant_plerion_access = false }
      addition = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/2", policy_json = "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111122223333\"},\"Action\":[\"kms:Create*\",\"kms:Describe*\",\"kms:Get*\",\"kms:List*\"],\"Resource\":\"*\"}}" }
    }
  }

  expect_failures = [check.keys_that_delegate_in_part]

  assert {
    condition     = local.delegating_in_part == ["addition (kms:GenerateDataKeyPair, kms:GenerateDataKeyPairWithoutPlaintext, kms:GenerateDataKeyWithoutPlaintext)", "open (kms:Decrypt, kms:Encrypt, kms:GenerateDataKey, kms:GenerateDataKeyPair, kms:GenerateDataKeyPairWithoutPlaintext, kms:GenerateDataKeyWithoutPlaintext, kms:ReEncryptFrom, kms:ReEncryptTo)"]
    error_message = "What the policies do not delegate is not named."
  }

  assert {
    condition     = output.delegation["open"].appliance.delegates == "partly" && output.delegation["open"].access.delegates == "fully"
    error_message = "Delegation is judged in another way than the warnings say."
  }
}

run "a_tag_on_a_key_for_the_account_root_user_alone" {
  command = plan

  variables {
    kms_key_access_mode = "SELECTED_KEYS"
    keys = {
      root_user = { key_arn = "arn:aws:kms:eu-west-1:111122223333:key/1", policy_json = "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111122223333\"},\"Action\":\"kms:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:PrincipalType\":\"Account\"}}}}", grant_plerion_access = false, plerion_access_tag = "Granted" }
    }
  }

  expect_failures = [check.granted_tag_on_isolated_keys]
}
