provider "aws" {
  region = var.region
}

# Plerion's CloudFormation stack created and tagged the roles. The module looks them up and checks the tags.
#
# The stack may have attached a mode statement to the appliance role too. A role with both modes gets the access of both:
# remove the stack's statement first, or set tag_is_binding, whose Deny overrides both.
module "plerion_kms" {
  source = "../../modules/plerion-kms"

  kms_key_access_mode    = var.kms_key_access_mode
  create_roles           = false
  appliance_role_name    = var.appliance_role_name
  access_role_name       = var.access_role_name
  attach_metadata_policy = true
  attach_policy_as       = var.attach_policy_as
  hardened               = var.hardened
  tag_is_binding         = var.tag_is_binding
}
