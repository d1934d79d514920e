locals {
  tag = "aws:ResourceTag/PlerionAccess"

  mode_conditions = {
    ALL_KEYS      = { StringNotEqualsIgnoreCase = { (local.tag) = "Denied" } }
    SELECTED_KEYS = { StringEqualsIgnoreCase = { (local.tag) = "Granted" } }
  }
  # The opposite of the above: which keys an explicit Deny covers.
  deny_conditions = {
    ALL_KEYS = { StringEqualsIgnoreCase = { (local.tag) = "Denied" } }
    SELECTED_KEYS = {
      StringNotEqualsIgnoreCase = { (local.tag) = "Granted" }
      # AWS managed keys take no tags; AWS alone can give a key an alias of theirs. ForAllValues also holds for a key
      # without an alias, so that one stays denied.
      "ForAllValues:StringNotLike" = { "kms:ResourceAliases" = "alias/aws/*" }
    }
  }

  condition = merge(
    local.mode_conditions[var.kms_key_access_mode],
    length(var.via_services) == 0 ? null : { StringLike = { "kms:ViaService" = var.via_services } },
  )

  actions = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey*",
    "kms:DescribeKey",
  ]

  resources = concat(var.key_arns, [
    for place in setproduct(coalescelist(var.key_regions, ["*"]), coalescelist(var.key_account_ids, ["*"])) :
    "arn:${var.partition}:kms:${place[0]}:${place[1]}:key/*" if length(var.key_arns) == 0
  ])

  statement = {
    Effect    = "Allow"
    Sid       = "PlerionKmsCmkAccess"
    Action    = concat(local.actions, var.grants_only_for_aws_resources ? [] : ["kms:CreateGrant"])
    Resource  = local.resources
    Condition = local.condition
  }

  # The condition key exists for the grant operations alone, so CreateGrant needs a statement of its own.
  grants_statement = {
    Effect    = "Allow"
    Sid       = "PlerionKmsCmkAccessGrants"
    Action    = ["kms:CreateGrant"]
    Resource  = local.resources
    Condition = merge(local.condition, { Bool = { "kms:GrantIsForAWSResource" = "true" } })
  }

  deny_statement = {
    Effect    = "Deny"
    Sid       = "PlerionKmsCmkAccessTagIsBinding"
    Action    = concat(local.actions, ["kms:CreateGrant"])
    Resource  = ["arn:${var.partition}:kms:*:*:key/*"]
    Condition = local.deny_conditions[var.kms_key_access_mode]
  }

  statements = concat(
    [local.statement],
    var.grants_only_for_aws_resources ? [local.grants_statement] : [],
    var.tag_is_binding ? [local.deny_statement] : [],
  )

  policy_json = jsonencode({
    Version   = "2012-10-17"
    Statement = local.statements
  })
}

module "policy" {
  source = "../role-policy"

  create = var.create

  role_name          = var.role_name
  policy_json        = local.policy_json
  attach_policy_as   = var.attach_policy_as
  policy_name        = var.policy_name
  policy_path        = var.policy_path
  policy_description = var.policy_description
  tags               = var.tags
}
