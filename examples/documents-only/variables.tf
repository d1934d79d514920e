variable "kms_key_access_mode" {
  description = "Which keys the appliance may use."
  type        = string
  default     = "SELECTED_KEYS"
}

variable "external_id" {
  description = "External ID that Plerion shows for the integration, for the access role's trust policy. Null omits that policy."
  type        = string
  default     = null
}

variable "integration_account_id" {
  description = "Account of the Plerion integration, for the cross-account additions."
  type        = string
  default     = "111122223333"
}

variable "hardened" {
  description = "Enable what is recommended beyond the guide's text. It needs the ARNs of both roles."
  type        = bool
  default     = false
}

variable "appliance_role_arns" {
  description = "ARNs of the appliance role, to pin the key-policy additions to it."
  type        = list(string)
  default     = []
}

variable "access_role_arns" {
  description = "ARNs of the access role, to pin the key-policy additions to it."
  type        = list(string)
  default     = []
}
