variable "region" {
  description = "Region of the provider that makes the roles; roles are global."
  type        = string
  default     = "us-east-1"
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use."
  type        = string
  default     = "ALL_KEYS"
}

variable "external_id" {
  description = "External id that Plerion shows for the integration."
  type        = string
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the appliance role; empty leaves it to EC2."
  type        = list(string)
  default     = []
}

variable "keys_file" {
  description = "File that lists the keys, as `keys.yaml` does, which null takes; the policy files in it are named from its folder."
  type        = string
  default     = null
}

variable "key_administrator_role_arn" {
  description = "Role that administers the keys; Terraform assumes it to set their policies."
  type        = string
}

variable "cli_profile" {
  description = "Profile of the AWS CLI that acts as the administrator of the keys; null for its usual credentials."
  type        = string
  default     = null
}

variable "grant_plerion_access" {
  description = "Whether the keys' policies hold the two additions."
  type        = bool
  default     = true
}
