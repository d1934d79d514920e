locals {
  # AWS reads the variable when the key is used: the account that owns the key.
  principal_account = var.integration_account_id == null ? "$${aws:ResourceAccount}" : var.integration_account_id

  appliance_condition = merge(
    {
      StringEquals = {
        "aws:PrincipalAccount"                  = local.principal_account
        "aws:PrincipalTag/PlerionApplianceRole" = "True"
      }
    },
    { for operator, value in { ArnEquals = { "aws:PrincipalArn" = var.appliance_role_arns } } : operator => value if length(var.appliance_role_arns) > 0 },
    { for operator, value in { StringLike = { "kms:ViaService" = var.via_services } } : operator => value if length(var.via_services) > 0 },
  )

  access_condition = merge(
    {
      StringEquals = {
        "aws:PrincipalAccount"         = local.principal_account
        "aws:PrincipalTag/RolePurpose" = "PlerionAccess"
      }
    },
    { for operator, value in { ArnEquals = { "aws:PrincipalArn" = var.access_role_arns } } : operator => value if length(var.access_role_arns) > 0 },
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

  # All Sids that are ours, so that statements of an option that was switched off go too.
  sids = concat(local.guide_statements[*].Sid, local.ebs_statements[*].Sid)

  given = jsondecode(coalesce(var.policy_json, "{\"Statement\": []}"))
  # A single statement may stand without brackets.
  given_statements = flatten([local.given.Statement])
  given_sids       = [for statement in local.given_statements : try(statement.Sid, "")]

  wanted = [for statement in local.statements : statement if var.grant_plerion_access]

  # Every given statement keeps its place; ours are replaced where they first stand, or follow at the end.
  merged_statements = concat(
    flatten([
      for position, given in local.given_statements : concat(
        [for kept in [given] : kept if !contains(local.sids, local.given_sids[position])],
        [for ours in local.wanted : ours if ours.Sid == local.given_sids[position] && index(local.given_sids, local.given_sids[position]) == position],
      )
    ]),
    [for ours in local.wanted : ours if !contains(local.given_sids, ours.Sid)],
  )

  merged = merge(
    local.given,
    { Statement = local.merged_statements },
    # Without this version ${aws:ResourceAccount} would be plain text.
    { for key, version in { Version = "2012-10-17" } : key => version if var.grant_plerion_access },
  )

  # jsonencode writes <, > and & as six bytes each. Between escaped backslashes those escapes are nothing else.
  merged_json = join("\\\\", [
    for part in split("\\\\", jsonencode(local.merged)) :
    replace(replace(replace(part, "\\u003c", "<"), "\\u003e", ">"), "\\u0026", "&")
  ])
  # Four letters of Base64 stand for three bytes.
  merged_bytes = floor(length(replace(textencodebase64(local.merged_json, "UTF-8"), "=", "")) * 3 / 4)

  # Written so, because HCL parsers of scanners stumble over the two signs in one string.
  variable_opening = join("", ["$", "{"])

  given_version  = try(local.given.Version, "2008-10-17")
  changes_a_text = var.grant_plerion_access && local.given_version != "2012-10-17" && strcontains(jsonencode(local.given), local.variable_opening)
}
