locals {
  # AWS reads the variable when the key is used: the account that owns the key. A single account has no brackets, as in
  # the guide.
  principal_account = jsondecode(
    length(var.integration_account_ids) > 1
    ? jsonencode(var.integration_account_ids)
    : jsonencode(try(var.integration_account_ids[0], "$${aws:ResourceAccount}"))
  )

  appliance_condition = merge(
    {
      StringEquals = {
        "aws:PrincipalAccount"                  = local.principal_account
        "aws:PrincipalTag/PlerionApplianceRole" = "True"
      }
    },
    length(var.appliance_role_arns) == 0 ? null : { ArnEquals = { "aws:PrincipalArn" = var.appliance_role_arns } },
    length(var.via_services) == 0 ? null : { StringLike = { "kms:ViaService" = var.via_services } },
  )

  access_condition = merge(
    {
      StringEquals = {
        "aws:PrincipalAccount"         = local.principal_account
        "aws:PrincipalTag/RolePurpose" = "PlerionAccess"
      }
    },
    length(var.access_role_arns) == 0 ? null : { ArnEquals = { "aws:PrincipalArn" = var.access_role_arns } },
  )

  guide_statements = [
    {
      Sid       = "Grant PlerionApplianceRole access to decrypt"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action = [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey",
        "kms:DescribeKey",
      ]
      Resource  = "*"
      Condition = local.appliance_condition
    },
    {
      Sid       = "Grant PlerionAccessRole to access key metadata"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = ["kms:Describe*", "kms:List*", "kms:Get*"]
      Resource  = "*"
      Condition = local.access_condition
    },
  ]

  ebs_statements = [
    {
      Sid       = "Grant PlerionApplianceRole access to make EBS volumes"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = ["kms:GenerateDataKeyWithoutPlaintext"]
      Resource  = "*"
      Condition = local.appliance_condition
    },
    # The condition key exists for the grant operations alone, so CreateGrant needs a statement of its own.
    {
      Sid       = "Grant PlerionApplianceRole access to attach EBS volumes"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = ["kms:CreateGrant"]
      Resource  = "*"
      Condition = merge(local.appliance_condition, { Bool = { "kms:GrantIsForAWSResource" = "true" } })
    },
  ]

  statements = concat(
    local.guide_statements,
    [for statement in local.ebs_statements : statement if var.allow_ebs_volumes],
  )

  # All Sids that are ours, so that statements of an option that was disabled are removed too.
  sids = concat(local.guide_statements[*].Sid, local.ebs_statements[*].Sid)

  given      = jsondecode(local.readable ? local.text : "{\"Statement\": []}")
  given_sids = [for statement in local.given_statements : try(join("", [statement.Sid]), "")]
  # A single statement may have no brackets.
  given_statements = flatten([local.given.Statement])

  # By Sid, as text: statements differ in type, and a conditional needs one type.
  wanted = { for statement in local.statements : statement.Sid => jsonencode(statement) if var.grant_plerion_access }

  # Every given statement keeps its place. Ours are replaced at their first position, or follow at the end.
  merged_statements = [
    for text in compact(concat(
      [
        for position, sid in local.given_sids :
        !contains(local.sids, sid) ? jsonencode(local.given_statements[position]) :
        index(local.given_sids, sid) == position ? lookup(local.wanted, sid, "") : ""
      ],
      [for sid in local.sids : lookup(local.wanted, sid, "") if !contains(local.given_sids, sid)],
    )) : jsondecode(text)
  ]

  # Statements of the customer's own: what is restored when Plerion's access ends.
  others = [for position, sid in local.given_sids : local.given_statements[position] if !contains(local.sids, sid)]

  # The accounts and roles that the given policy's additions name: integrations that were merged before, or pasted.
  named_before = distinct(flatten([
    for position, statement in local.given_statements : [
      try(statement.Condition.StringEquals["aws:PrincipalAccount"], []),
      try(statement.Condition.ArnEquals["aws:PrincipalArn"], []),
    ] if contains(local.sids, local.given_sids[position])
  ]))
  named_now     = flatten([local.principal_account, var.appliance_role_arns, var.access_role_arns])
  losing_access = [for name in local.named_before : name if var.grant_plerion_access && can(join("", [name])) && !contains(local.named_now, name)]

  # Without this version ${aws:ResourceAccount} would be plain text.
  merged = merge(
    local.given,
    { Statement = local.merged_statements },
    var.grant_plerion_access ? { Version = "2012-10-17" } : null,
  )

  # jsonencode writes <, > and & as six bytes each, and so does Terraform's provider when it sends a policy.
  merged_json = jsonencode(local.merged)
  # Four characters of Base64 encode three bytes.
  merged_bytes = floor(length(replace(textencodebase64(local.merged_json, "UTF-8"), "=", "")) * 3 / 4)
}

check "access_that_the_merge_takes_away" {
  assert {
    condition     = length(local.losing_access) == 0
    error_message = "The merged key policy no longer grants access to ${join(", ", local.losing_access)}, which the additions in ${var.policy_name} name: list every integration in integration_account_ids and merge once."
  }
}
