
# fails: CKV_PLERION_1
resource "aws_kms_key" "open_to_the_account" {
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "kms:Decrypt"
      Resource  = "*"
      Condition = { StringEquals = { "aws:PrincipalAccount" = "$${aws:ResourceAccount}" } }
    }]
  })
}

# fails: CKV_PLERION_2
resource "aws_kms_key" "old_version" {
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2008-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "kms:Decrypt"
      Resource  = "*"
      Condition = {
        StringEquals = {
          "aws:PrincipalAccount"                  = "$${aws:ResourceAccount}"
          "aws:PrincipalTag/PlerionApplianceRole" = "True"
        }
      }
    }]
  })
}

# fails: CKV_PLERION_3
resource "aws_kms_key" "own_tag" {
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/PlerionApplianceRole" }
      Action    = "kms:Decrypt"
      Resource  = "*"
      Condition = { StringEqualsIgnoreCase = { "aws:ResourceTag/PlerionAccess" = "Granted" } }
    }]
  })
}

# fails: CKV_PLERION_4
resource "aws_kms_key" "any_grant" {
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/PlerionApplianceRole" }
      Action    = ["kms:GenerateDataKeyWithoutPlaintext", "kms:CreateGrant"]
      Resource  = "*"
    }]
  })
}

# fails: CKV_PLERION_5
resource "aws_kms_key" "grant_condition_on_decrypt" {
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:role/PlerionApplianceRole" }
      Action    = ["kms:Decrypt", "kms:CreateGrant"]
      Resource  = "*"
      Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
    }]
  })
}

# fails: CKV_PLERION_6
resource "aws_iam_policy" "exact_tag" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = "arn:aws:kms:us-east-1:111122223333:key/*"
      Condition = { StringEquals = { "aws:ResourceTag/PlerionAccess" = "Granted" } }
    }]
  })
}

# fails: CKV_PLERION_7
resource "aws_kms_replica_key" "tag_without_meaning" {
  primary_key_arn = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
  tags            = { PlerionAccess = "Yes" }
}

# fails: CKV_PLERION_8
resource "aws_iam_role" "appliance" {
  name = "Appliance"
  tags = { PlerionApplianceRole = true }

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

# fails: CKV_PLERION_9
resource "aws_iam_role" "trusting" {
  name = "Trusting"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::588158338731:role/ControlPlane" }
    }]
  })
}

# fails on the plan: CKV_PLERION_10
resource "aws_iam_role_policy" "beside_the_mode" {
  name = "Second"
  role = module.plerion_kms.appliance_role_name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "kms:Decrypt"
      Resource = "arn:aws:kms:us-east-1:111122223333:key/*"
    }]
  })
}
