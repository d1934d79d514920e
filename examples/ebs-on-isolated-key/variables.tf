variable "region" {
  description = "Region of the provider. Roles are global."
  type        = string
  default     = "us-east-1"
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use."
  type        = string
  default     = "ALL_KEYS"
}

variable "external_id" {
  description = "External ID that Plerion shows for the integration."
  type        = string
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the appliance role. If empty, the role trusts EC2."
  type        = list(string)
  default     = []
}

variable "key_administrator_role_arn" {
  description = "Role that administers the key. The key policy names it, because it does not delegate to the account."
  type        = string
}

variable "hardened" {
  description = "Enable what is recommended beyond the guide's text."
  type        = bool
  default     = false
}
