provider "aws" {
  region = var.region
}

module "plerion_kms" {
  source = "../../modules/plerion-kms"

  kms_key_access_mode = var.kms_key_access_mode
  create_roles        = false
  appliance_role_name = var.appliance_role_name
}
