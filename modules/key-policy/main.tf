locals {
  # AWS reads the variable when the key is used: the account that owns the key.
  principal_account = var.integration_account_id == null ? "$${aws:ResourceAccount}" : var.integration_account_id

  statements = [
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
      Resource = "*"
      Condition = {
        StringEquals = {
          "aws:PrincipalAccount"                  = local.principal_account
          "aws:PrincipalTag/PlerionApplianceRole" = "True"
        }
      }
    },
    {
      Sid       = "Grant PlerionAccessRole to access key metadata"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = ["kms:Describe*", "kms:List*", "kms:Get*"]
      Resource  = "*"
      Condition = {
        StringEquals = {
          "aws:PrincipalAccount"         = local.principal_account
          "aws:PrincipalTag/RolePurpose" = "PlerionAccess"
        }
      }
    },
  ]

  sids = local.statements[*].Sid

  given = jsondecode(coalesce(var.policy_json, "{\"Statement\": []}"))
  # A single statement may stand without brackets.
  given_statements = flatten([local.given.Statement])
  given_sids       = [for statement in local.given_statements : try(statement.Sid, "")]

  wanted = [for statement in local.statements : statement if var.grant_plerion_access]

  # Every given statement keeps its place; our own two are replaced where they stand, or follow at the end.
  merged_statements = concat(
    flatten([
      for given in local.given_statements : concat(
        [for kept in [given] : kept if !contains(local.sids, try(given.Sid, ""))],
        [for ours in local.wanted : ours if ours.Sid == try(given.Sid, "")],
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
  merged_json  = jsonencode(local.merged)
  merged_bytes = length(replace(textencodebase64(local.merged_json, "UTF-8"), "=", "")) * 3 / 4

  # Written so, because HCL parsers of scanners stumble over the two signs in one string.
  variable_opening = join("", ["$", "{"])

  given_version  = try(local.given.Version, "2008-10-17")
  changes_a_text = var.grant_plerion_access && local.given_version != "2012-10-17" && strcontains(jsonencode(local.given), local.variable_opening)
}
