locals {
  create_inline  = var.create && var.attach_policy_as == "inline"
  create_managed = var.create && var.attach_policy_as == "managed"

  # As it is sent. IAM does not count the white space between a policy's parts.
  policy_size      = try(length(jsonencode(jsondecode(var.policy_json))), length(var.policy_json))
  largest_inline   = 10240
  largest_managed  = 6144
  how_to_shorten   = "name fewer of key_arns, key_account_ids and key_regions, or leave key_regions or key_account_ids empty, so that the statement covers any Region or account"
  fits_inline_only = "set attach_policy_as = \"inline\", or ${local.how_to_shorten}"
}

resource "aws_iam_role_policy" "this" {
  count = local.create_inline ? 1 : 0

  name   = var.policy_name
  role   = var.role_name
  policy = var.policy_json

  lifecycle {
    precondition {
      condition     = local.policy_size <= local.largest_inline
      error_message = "The policy ${var.policy_name} has ${local.policy_size} characters, more than the ${local.largest_inline} that all inline policies of a role may have together: ${local.how_to_shorten}. A managed policy may have no more than ${local.largest_managed}."
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
    # IAM can't change it, and a new policy can't have the name while the old one is there.
    ignore_changes = [description]

    precondition {
      condition     = local.policy_size <= local.largest_managed
      error_message = "The policy ${var.policy_name} has ${local.policy_size} characters, more than the ${local.largest_managed} of a managed policy: ${local.policy_size <= local.largest_inline ? local.fits_inline_only : local.how_to_shorten}."
    }
  }
}

# Depends on the inline policy and is created before anything is destroyed. So either form is in place before the other is
# deleted, and an apply that fails half-way leaves the role its policy. No other setting gives this order: without
# create_before_destroy Terraform deletes the old form first, whichever depends on which. Terraform extends the setting to
# all that this depends on, the policy and the role, even if create_before_destroy = false is written there.
resource "aws_iam_role_policy_attachment" "this" {
  count = local.create_managed ? 1 : 0

  role       = var.role_name
  policy_arn = aws_iam_policy.this[0].arn

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_iam_role_policy.this]
}
