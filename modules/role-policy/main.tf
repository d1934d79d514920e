locals {
  create_inline  = var.create && var.attach_policy_as == "inline"
  create_managed = var.create && var.attach_policy_as == "managed"

  role_name_is_missing = "role_name is missing: name the role that the policy ${var.policy_name} is to be attached to, or set create = false to render the documents alone."
}

resource "aws_iam_role_policy" "this" {
  count = local.create_inline ? 1 : 0

  name   = var.policy_name
  role   = var.role_name
  policy = var.policy_json

  lifecycle {
    precondition {
      condition     = var.role_name != null
      error_message = local.role_name_is_missing
    }
  }
}

resource "aws_iam_policy" "this" {
  count = local.create_managed ? 1 : 0

  name        = var.policy_name
  path        = var.policy_path
  description = var.policy_description
  policy      = var.policy_json
  tags        = var.tags

  lifecycle {
    precondition {
      condition     = length(var.policy_json) <= 6144
      error_message = "The policy ${var.policy_name} is longer than the 6144 characters of a managed policy: set attach_policy_as = \"inline\", or limit it to fewer accounts and Regions."
    }
  }
}

resource "aws_iam_role_policy_attachment" "this" {
  count = local.create_managed ? 1 : 0

  role       = var.role_name
  policy_arn = aws_iam_policy.this[0].arn

  lifecycle {
    precondition {
      condition     = var.role_name != null
      error_message = local.role_name_is_missing
    }
  }
}
