# Every input of plerion-kms, with a value that is not its default. options.yaml says where each value has to show.

module "created" {
  source = "../../modules/plerion-kms"

  kms_key_access_mode        = "SELECTED_KEYS"
  partition                  = "aws-cn"
  tags                       = { Owner = "Security" }
  external_id                = "shown-by-plerion"
  appliance_role_name        = "Appliance"
  access_role_name           = "Access"
  role_use_name_prefix       = true
  role_path                  = "/roles/"
  role_permissions_boundary  = "arn:aws-cn:iam::111122223333:policy/Boundary"
  role_max_session_duration  = 7200
  role_force_detach_policies = true
  appliance_role_description = "The appliance."
  access_role_description    = "The control plane."
  create_instance_profile    = false
  plerion_account_id         = "999988887777"
  attach_policy_as           = "managed"
  policy_name                = "Mode"
  metadata_policy_name       = "Metadata"
  policy_path                = "/policies/"
  policy_description         = "The mode statement."
}

module "with_instance_profile" {
  source = "../../modules/plerion-kms"

  partition           = "aws"
  tags                = { Owner = "Security" }
  external_id         = "shown-by-plerion"
  appliance_role_name = "Appliance"
  access_role_name    = "Access"
  role_path           = "/roles/"
}

module "existing" {
  source = "../../modules/plerion-kms"

  partition              = "aws"
  appliance_role_name    = "Appliance"
  access_role_name       = "Access"
  create_roles           = false
  check_role_tags        = false
  attach_statement       = false
  attach_metadata_policy = true
}

module "documents" {
  source = "../../modules/plerion-kms"

  create                        = false
  key_account_ids               = ["444455556666"]
  key_regions                   = ["us-gov-west-1"]
  partition                     = "aws-us-gov"
  external_id                   = "shown-by-plerion"
  appliance_trusted_role_arns   = ["arn:aws-us-gov:iam::444455556666:role/Instance"]
  integration_account_id        = "111122223333"
  allow_ebs_volumes             = true
  appliance_role_arns           = ["arn:aws-us-gov:iam::111122223333:role/Appliance"]
  access_role_arns              = ["arn:aws-us-gov:iam::111122223333:role/Access"]
  tag_is_binding                = true
  grants_only_for_aws_resources = true
  via_services                  = ["ec2.*.amazonaws.com"]
}

module "hardened_except_for_the_pins" {
  source = "../../modules/plerion-kms"

  create                 = false
  hardened               = true
  pin_additions_to_roles = false
}

module "named_keys" {
  source = "../../modules/plerion-kms"

  create   = false
  key_arns = ["arn:aws:kms:eu-west-1:444455556666:key/1234abcd"]
}

output "created" {
  value = module.created
}

output "with_instance_profile" {
  value = module.with_instance_profile
}

output "existing" {
  value = module.existing
}

output "documents" {
  value = module.documents
}

output "hardened_except_for_the_pins" {
  value = module.hardened_except_for_the_pins
}

output "named_keys" {
  value = module.named_keys
}
