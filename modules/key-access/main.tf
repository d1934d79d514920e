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

  # The integration may be named also where it is the keys' own account.
  same_account = var.integration_account_id == null || var.integration_account_id == local.account_id

  tag_is_binding = coalesce(var.tag_is_binding, var.hardened)

  with_policy = { for name, key in local.keys : name => key if key.policy_json != null }
  with_tag    = { for name, key in local.keys : name => key if key.plerion_access_tag != null }
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
      error_message = "The keys lie in ${local.region}, but the provider of this module is set to ${self.region}: pass the provider of that Region."
    }
  }
}

data "aws_caller_identity" "this" {
  count = length(local.keys) > 0 ? 1 : 0

  lifecycle {
    postcondition {
      condition     = self.account_id == local.account_id
      error_message = "The keys lie in account ${local.account_id}, but the provider of this module acts in ${self.account_id}: pass a provider that assumes a role of the keys' account."
    }
  }
}

module "merged" {
  source   = "../key-policy"
  for_each = local.with_policy

  policy_json            = each.value.policy_json
  grant_plerion_access   = each.value.grant_plerion_access
  integration_account_id = local.same_account ? null : var.integration_account_id
  allow_ebs_volumes      = var.allow_ebs_volumes
  appliance_role_arns    = var.appliance_role_arns
  access_role_arns       = var.access_role_arns
  via_services           = var.via_services
}

module "given" {
  source   = "../key-policy"
  for_each = { for name, key in local.with_policy : name => key if var.restore_policy_on_destroy }

  policy_json          = each.value.policy_json
  grant_plerion_access = false
}

# Stands before the policy, so that it goes after it: the provider puts the default policy, and then this the given one.
resource "terraform_data" "restore" {
  for_each = module.given

  triggers_replace = [local.keys[each.key].key_arn]
  input = {
    key_arn = local.keys[each.key].key_arn
    region  = local.keys[each.key].region
    policy  = each.value.policy_json
    profile = var.cli_profile == null ? "" : var.cli_profile
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["/bin/sh", "-c"]
    command     = <<-EOT
      command -v aws >/dev/null || { echo "The AWS CLI is not on PATH, so the policy of $KEY_ARN was not restored: install it and destroy again." >&2; exit 1; }
      aws kms put-key-policy $${CLI_PROFILE:+--profile "$CLI_PROFILE"} --region "$KEY_REGION" --key-id "$KEY_ARN" --policy-name default --policy "$KEY_POLICY"
    EOT
    environment = {
      CLI_PROFILE = self.output.profile
      KEY_ARN     = self.output.key_arn
      KEY_REGION  = self.output.region
      KEY_POLICY  = self.output.policy
    }
  }
}

resource "aws_kms_key_policy" "this" {
  for_each = local.with_policy

  key_id                             = each.value.key_id
  policy                             = module.merged[each.key].policy_json
  bypass_policy_lockout_safety_check = var.bypass_policy_lockout_safety_check

  depends_on = [terraform_data.restore, data.aws_service.kms, data.aws_caller_identity.this]
}

# Takes the tag off when a key is no longer tagged here; a change of the value leaves it on.
resource "terraform_data" "untag" {
  for_each = local.with_tag

  triggers_replace = [each.value.key_arn]
  input = {
    key_arn = each.value.key_arn
    region  = each.value.region
    profile = var.cli_profile == null ? "" : var.cli_profile
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["/bin/sh", "-c"]
    command     = <<-EOT
      command -v aws >/dev/null || { echo "The AWS CLI is not on PATH, so the tag of $KEY_ARN was not removed: install it and apply again." >&2; exit 1; }
      aws kms untag-resource $${CLI_PROFILE:+--profile "$CLI_PROFILE"} --region "$KEY_REGION" --key-id "$KEY_ARN" --tag-keys PlerionAccess
    EOT
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
    interpreter = ["/bin/sh", "-c"]
    command     = <<-EOT
      command -v aws >/dev/null || { echo "The AWS CLI is not on PATH, so $KEY_ARN was not tagged: install it and apply again." >&2; exit 1; }
      aws kms tag-resource $${CLI_PROFILE:+--profile "$CLI_PROFILE"} --region "$KEY_REGION" --key-id "$KEY_ARN" --tags "TagKey=PlerionAccess,TagValue=$TAG_VALUE"
    EOT
    environment = {
      CLI_PROFILE = var.cli_profile == null ? "" : var.cli_profile
      KEY_ARN     = each.value.key_arn
      KEY_REGION  = each.value.region
      TAG_VALUE   = each.value.plerion_access_tag
    }
  }
}
