variable "region" {
  description = "Region of the provider. Roles are global."
  type        = string
  default     = "us-east-1"
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use."
  type        = string
  default     = "SELECTED_KEYS"
}

variable "appliance_role_name" {
  description = "Name of the appliance role that Plerion's CloudFormation stack created."
  type        = string
}

variable "access_role_name" {
  description = "Name of the access role that the stack created."
  type        = string
}

variable "attach_policy_as" {
  description = "How policies are attached to the roles: `inline` or `managed`."
  type        = string
  default     = "inline"
}

variable "hardened" {
  description = "Enable what is recommended beyond the guide's text."
  type        = bool
  default     = false
}

variable "tag_is_binding" {
  description = "Add an explicit Deny by the tag, which overrides every Allow on the appliance role. Null follows `hardened`."
  type        = bool
  default     = null
}
