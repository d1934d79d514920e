variable "region" {
  description = "Region of the provider and of the keys of its account; roles are global."
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

variable "region_elsewhere" {
  description = "Region of the keys of the other account."
  type        = string
  default     = "eu-west-1"
}

variable "key_administrator_role_arn" {
  description = "Role that administers the keys of the integration's account; Terraform assumes it."
  type        = string
}

variable "key_account_role_arn" {
  description = "Role that administers the keys of the other account; Terraform assumes it."
  type        = string
}

variable "keys" {
  description = "Keys of the integration's account, as modules/key-access takes them."
  type = map(object({
    key_arn              = string
    policy_json          = optional(string)
    grant_plerion_access = optional(bool, true)
    plerion_access_tag   = optional(string)
  }))
  default = {}
}

variable "keys_elsewhere" {
  description = "Keys of the other account, as modules/key-access takes them."
  type = map(object({
    key_arn              = string
    policy_json          = optional(string)
    grant_plerion_access = optional(bool, true)
    plerion_access_tag   = optional(string)
  }))
  default = {}
}

variable "cli_profile" {
  description = "Profile of the AWS CLI that acts as the administrator of the keys of the integration's account; null for its usual credentials."
  type        = string
  default     = null
}

variable "cli_profile_elsewhere" {
  description = "The same for the other account."
  type        = string
  default     = null
}
