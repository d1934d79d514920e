# A provider cannot be made by for_each: each Region has a block and a resource here, and a place in local.covered.

provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"

  assume_role {
    role_arn = var.key_administrator_role_arn
  }
}

resource "aws_kms_key_policy" "us_east_1" {
  for_each = { for id, key in local.keys : id => key if key.region == "us-east-1" }
  provider = aws.us_east_1

  key_id = each.value.key_id
  policy = module.key_policy[each.key].policy_json
}

provider "aws" {
  alias  = "eu_west_1"
  region = "eu-west-1"

  assume_role {
    role_arn = var.key_administrator_role_arn
  }
}

resource "aws_kms_key_policy" "eu_west_1" {
  for_each = { for id, key in local.keys : id => key if key.region == "eu-west-1" }
  provider = aws.eu_west_1

  key_id = each.value.key_id
  policy = module.key_policy[each.key].policy_json
}
