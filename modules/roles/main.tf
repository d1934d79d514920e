locals {
  create_appliance = var.create && var.create_appliance_role
  create_access    = var.create && var.create_access_role

  # The tags are what key policies know the roles by; the values are strings, with this capital letter.
  appliance_tags = { PlerionApplianceRole = "True" }
  access_tags    = { RolePurpose = "PlerionAccess" }

  # No trust allows sts:TagSession: a session tag could pose as the tags above.
  appliance_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { for type, value in { AWS = var.appliance_trusted_role_arns, Service = ["ec2.amazonaws.com"] } : type => value if(type == "AWS") == (length(var.appliance_trusted_role_arns) > 0) }
    }]
  }

  access_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:${var.partition}:iam::${var.plerion_account_id}:root" }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  }

  # On keys that delegate to the account the key policy alone gives the access role nothing.
  metadata_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid      = "PlerionKmsMetadata"
      Effect   = "Allow"
      Action   = ["kms:Describe*", "kms:List*", "kms:Get*"]
      Resource = "arn:${var.partition}:kms:*:*:key/*"
    }]
  }
}

resource "aws_iam_role" "appliance" {
  count = local.create_appliance ? 1 : 0

  name                 = var.role_use_name_prefix ? null : var.appliance_role_name
  name_prefix          = var.role_use_name_prefix ? "${var.appliance_role_name}-" : null
  path                 = var.role_path
  description          = "Used by the Plerion appliance to read what is encrypted under KMS keys."
  assume_role_policy   = jsonencode(local.appliance_trust)
  permissions_boundary = var.role_permissions_boundary
  tags                 = merge(var.tags, local.appliance_tags)
}

resource "aws_iam_instance_profile" "appliance" {
  count = local.create_appliance && length(var.appliance_trusted_role_arns) == 0 ? 1 : 0

  name        = var.role_use_name_prefix ? null : var.appliance_role_name
  name_prefix = var.role_use_name_prefix ? "${var.appliance_role_name}-" : null
  path        = var.role_path
  role        = aws_iam_role.appliance[0].name
  tags        = var.tags
}

resource "aws_iam_role" "access" {
  #checkov:skip=CKV_AWS_61:Plerion assumes the role from its own account; the external id limits who can have it do so
  count = local.create_access ? 1 : 0

  name                 = var.role_use_name_prefix ? null : var.access_role_name
  name_prefix          = var.role_use_name_prefix ? "${var.access_role_name}-" : null
  path                 = var.role_path
  description          = "Used by Plerion's control plane to read the metadata of KMS keys."
  assume_role_policy   = jsonencode(local.access_trust)
  permissions_boundary = var.role_permissions_boundary
  tags                 = merge(var.tags, local.access_tags)

  lifecycle {
    precondition {
      condition     = var.external_id != null
      error_message = "external_id is missing: set it to the id that Plerion shows for the integration, or set create_access_role = false."
    }
  }
}

resource "aws_iam_role_policy" "metadata" {
  count = local.create_access ? 1 : 0

  name   = "PlerionKmsMetadata"
  role   = aws_iam_role.access[0].name
  policy = jsonencode(local.metadata_policy)
}
