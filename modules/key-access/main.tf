locals {
  keys = {
    for name, key in var.keys : name => merge(key, {
      key_id     = split("/", key.key_arn)[1]
      partition  = split(":", key.key_arn)[1]
      region     = split(":", key.key_arn)[3]
      account_id = split(":", key.key_arn)[4]
    }) if var.create
  }

  region     = one(distinct([for key in local.keys : key.region]))
  account_id = one(distinct([for key in local.keys : key.account_id]))

  # If the only integration is in the keys' own account, the additions have the guide's form for one account.
  integration_account_ids = var.integration_account_ids == tolist([local.account_id]) ? [] : var.integration_account_ids

  tag_is_binding = coalesce(var.tag_is_binding, var.hardened)

  # Whether an integration of the keys' own account may use them.
  same_account = length(var.integration_account_ids) == 0 || anytrue([for id in var.integration_account_ids : id == local.account_id])

  # Terraform must know which resources there are, but cannot distinguish a policy that is known only after the apply from
  # a missing one. A key without a tag is listed for its policy.
  with_policy = {
    for name, key in local.keys : name => key
    if key.set_policy != null ? key.set_policy : key.plerion_access_tag == null ? true : key.policy_json != null
  }
  with_tag = { for name, key in local.keys : name => key if key.plerion_access_tag != null }

  cli_profile = var.cli_profile == null ? "" : var.cli_profile
  restored = {
    for name, key in local.with_policy : name => {
      key_arn = key.key_arn
      region  = key.region
      policy  = module.merged[name].policy_json_without_additions
      profile = local.cli_profile
      restore = var.restore_policy_on_destroy ? "yes" : "no"
      bypass  = var.bypass_policy_lockout_safety_check ? "yes" : "no"
    }
  }
}

# A multi-Region key has the same id in each of its Regions: the wrong provider would change the wrong key.
#
# Through the service, since the attributes of aws_region that hold the provider's Region differ between provider 5 and 6.
data "aws_service" "kms" {
  count = length(local.keys) > 0 ? 1 : 0

  service_id = "kms"

  lifecycle {
    postcondition {
      condition     = self.region == local.region
      error_message = "The keys are in ${local.region}, but the provider of this module is set to ${self.region}: pass a provider for the keys' Region."
    }
  }
}

data "aws_caller_identity" "this" {
  count = length(local.keys) > 0 ? 1 : 0

  lifecycle {
    postcondition {
      condition     = self.account_id == local.account_id
      error_message = "The keys are in account ${local.account_id}, but the provider of this module acts in ${self.account_id}: pass a provider that assumes a role of the keys' account."
    }
  }
}

module "merged" {
  source   = "../key-policy"
  for_each = local.with_policy

  policy_json             = each.value.policy_json
  policy_name             = "policy_json of ${each.key}"
  key_arn                 = each.value.key_arn
  grant_plerion_access    = each.value.grant_plerion_access
  integration_account_ids = local.integration_account_ids
  allow_ebs_volumes       = var.allow_ebs_volumes
  appliance_role_arns     = var.appliance_role_arns
  access_role_arns        = var.access_role_arns
  via_services            = var.via_services
}

# Only the additions, for keys whose policy is set elsewhere.
module "additions" {
  source = "../key-policy"

  integration_account_ids = local.integration_account_ids
  allow_ebs_volumes       = var.allow_ebs_volumes
  appliance_role_arns     = var.appliance_role_arns
  access_role_arns        = var.access_role_arns
  via_services            = var.via_services
}

# Created before the key policy and therefore destroyed after it: Terraform's provider first resets the key to AWS's
# default policy, then this restores the given one. The tag is set before the key policy, and removed after it is restored.
resource "terraform_data" "restore" {
  for_each = local.with_policy

  triggers_replace = [each.value.key_arn]
  # Without the lockout check, the provider leaves the policy that try_restore has set.
  input = merge(local.restored[each.key], var.bypass_policy_lockout_safety_check ? { restore = "no" } : null)

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["/bin/sh", "${path.module}/aws-kms.sh"]
    command     = "restore"
    environment = {
      CLI_PROFILE = self.output.profile
      KEY_ARN     = self.output.key_arn
      KEY_REGION  = self.output.region
      KEY_POLICY  = self.output.policy
      RESTORE     = try(self.output.restore, "yes")
      BYPASS      = "no"
    }
  }

  depends_on = [terraform_data.tag]
}

# If key_arn changes, the key policy must be replaced: Terraform's provider would set the new policy on the old key. After an
# import of the key policy, when the resources it refers to are only created, it must not be replaced, since that opens the
# key. OpenTofu from 1.12 on replaces then too, if the attribute referred to is there in the plan. Therefore jsondecode: it
# hides even the type of the input until the apply, both when `key_arn` is created and when it changes.
resource "terraform_data" "key_arn" {
  for_each = local.with_policy

  input = each.value.key_arn
}

resource "terraform_data" "replace_key_policy" {
  for_each = local.with_policy

  input = jsondecode(jsonencode({ key_arn = terraform_data.key_arn[each.key].output }))
}

resource "aws_kms_key_policy" "this" {
  for_each = local.with_policy

  key_id                             = each.value.key_id
  policy                             = module.merged[each.key].policy_json
  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check

  lifecycle {
    replace_triggered_by = [terraform_data.replace_key_policy[each.key].input.key_arn]

    postcondition {
      # Key IDs have hyphens, the IDs that mock_provider makes up have none.
      condition     = !strcontains(self.id, "-") || endswith(self.id, each.value.key_id)
      error_message = "The state has the policy of the key ${self.id} under ${each.key}, so that an update would set the policy of ${each.key} on the wrong key: remove this address with \"terraform state rm\", and import it again with the ID ${each.value.key_id}."
    }
  }

  depends_on = [terraform_data.restore, data.aws_service.kms, data.aws_caller_identity.this]
}

# Destroyed before the key policy: it restores the given policy before the provider resets the key to the default policy.
# If that fails, because the CLI, its credentials or a principal in the policy is missing, the destroy stops here.
resource "terraform_data" "try_restore" {
  for_each = local.with_policy

  triggers_replace = [each.value.key_arn]
  input            = local.restored[each.key]

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["/bin/sh", "${path.module}/aws-kms.sh"]
    command     = "try-restore"
    environment = {
      CLI_PROFILE = self.output.profile
      KEY_ARN     = self.output.key_arn
      KEY_REGION  = self.output.region
      KEY_POLICY  = self.output.policy
      RESTORE     = self.output.restore
      BYPASS      = self.output.bypass
    }
  }

  depends_on = [aws_kms_key_policy.this]
}

# Removes the tag when a key loses its plerion_access_tag or leaves `keys`. A changed value does not run this.
resource "terraform_data" "untag" {
  for_each = local.with_tag

  triggers_replace = [each.value.key_arn]
  input = {
    key_arn = each.value.key_arn
    region  = each.value.region
    profile = local.cli_profile
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["/bin/sh", "${path.module}/aws-kms.sh"]
    command     = "untag"
    environment = {
      CLI_PROFILE = self.output.profile
      KEY_ARN     = self.output.key_arn
      KEY_REGION  = self.output.region
    }
  }

  depends_on = [data.aws_service.kms, data.aws_caller_identity.this]
}

resource "terraform_data" "tag" {
  for_each = local.with_tag

  triggers_replace = [terraform_data.untag[each.key].id, each.value.plerion_access_tag]

  provisioner "local-exec" {
    interpreter = ["/bin/sh", "${path.module}/aws-kms.sh"]
    command     = "tag"
    environment = {
      CLI_PROFILE = local.cli_profile
      KEY_ARN     = each.value.key_arn
      KEY_REGION  = each.value.region
      TAG_VALUE   = each.value.plerion_access_tag
    }
  }
}
