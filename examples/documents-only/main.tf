# Nothing is created or looked up. Placeholders keep the provider from searching for credentials, so the plan needs no
# account. They also ensure that a resource added here by mistake cannot reach one.
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

# Renders the documents and creates nothing, for teams that manage IAM outside Terraform.
module "plerion_kms" {
  source = "../../modules/plerion-kms"

  create                 = false
  kms_key_access_mode    = var.kms_key_access_mode
  external_id            = var.external_id
  integration_account_id = var.integration_account_id
  hardened               = var.hardened
  appliance_role_arns    = var.appliance_role_arns
  access_role_arns       = var.access_role_arns
}
