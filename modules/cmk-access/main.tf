locals {
  conditions = {
    ALL_KEYS = {
      StringNotEqualsIgnoreCase = { "aws:ResourceTag/PlerionAccess" = "Denied" }
    }
    SELECTED_KEYS = {
      StringEqualsIgnoreCase = { "aws:ResourceTag/PlerionAccess" = "Granted" }
    }
  }

  statement = {
    Effect = "Allow"
    Sid    = "PlerionKmsCmkAccess"
    Action = [
      "kms:Encrypt",
      "kms:Decrypt",
      "kms:ReEncrypt*",
      "kms:GenerateDataKey*",
      "kms:DescribeKey",
      "kms:CreateGrant",
    ]
    Resource  = ["arn:${var.partition}:kms:*:*:key/*"]
    Condition = local.conditions[var.kms_key_access_mode]
  }

  policy_json = jsonencode({
    Version   = "2012-10-17"
    Statement = [local.statement]
  })
}

resource "aws_iam_role_policy" "this" {
  count = var.create ? 1 : 0

  name   = var.policy_name
  role   = var.role_name
  policy = local.policy_json

  lifecycle {
    precondition {
      condition     = var.role_name != null
      error_message = "role_name is missing: name the role that the statement is to be attached to, or set create = false to render the documents alone."
    }
  }
}
