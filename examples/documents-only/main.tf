# Renders the documents and creates nothing, for teams that manage IAM outside Terraform.
module "plerion_kms" {
  source = "../../modules/plerion-kms"

  create                 = false
  kms_key_access_mode    = var.kms_key_access_mode
  integration_account_id = var.integration_account_id
  hardened               = var.hardened
  appliance_role_arns    = var.appliance_role_arns
  access_role_arns       = var.access_role_arns
}
