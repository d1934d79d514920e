variable "region" {
  description = "Region of the provider and of the keys in its account. Roles are global."
  type        = string
  default     = "us-east-1"
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use."
  type        = string
  default     = "ALL_KEYS"
}

variable "external_id" {
  description = "External ID that Plerion shows for the integration. Required to create the roles."
  type        = string
  default     = null
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the appliance role. If empty, the role trusts EC2."
  type        = list(string)
  default     = []
}

variable "region_elsewhere" {
  description = "Region of the keys of the other account."
  type        = string
  default     = "eu-west-1"
}

variable "key_administrator_role_arn" {
  description = "Role that administers the keys in the integration's account. Terraform assumes it."
  type        = string
}

variable "key_account_role_arn" {
  description = "Role that administers the keys in the other account. Terraform assumes it."
  type        = string
}

variable "keys" {
  description = "Keys in the integration's account, in the form of `keys` of modules/key-access."
  type = map(object({
    key_arn              = string
    policy_json          = optional(string)
    grant_plerion_access = optional(bool, true)
    plerion_access_tag   = optional(string)
  }))
  default = {}
}

variable "keys_elsewhere" {
  description = "Keys in the other account, in the form of `keys` of modules/key-access."
  type = map(object({
    key_arn              = string
    policy_json          = optional(string)
    grant_plerion_access = optional(bool, true)
    plerion_access_tag   = optional(string)
  }))
  default = {}
}

variable "cli_profile" {
  description = "AWS CLI profile that acts as the administrator of the keys in the integration's account. Null uses the CLI's default credentials."
  type        = string
  default     = null
}

variable "cli_profile_elsewhere" {
  description = "The same for the other account."
  type        = string
  default     = null
}

variable "create_roles" {
  description = "Set to false if the two roles already exist, for example from Plerion's CloudFormation stack or the organization example."
  type        = bool
  default     = true
}

variable "attach_statement" {
  description = "Set to false if the appliance role already has the mode statement."
  type        = bool
  default     = true
}

variable "appliance_role_name" {
  description = "Name of the appliance role, created or looked up."
  type        = string
  default     = "PlerionApplianceRole"
}

variable "access_role_name" {
  description = "Name of the access role, created or looked up."
  type        = string
  default     = "PlerionAccessRole"
}

variable "hardened" {
  description = "Enable what is recommended beyond the guide's text: the three options below, except those that are set themselves."
  type        = bool
  default     = false
}

variable "tag_is_binding" {
  description = "Add an explicit Deny by the tag to the appliance role, so that the tag also applies to keys with additions. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "grants_only_for_aws_resources" {
  description = "Allow CreateGrant only to AWS services that act for the appliance. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "pin_additions_to_roles" {
  description = "Pin the additions to the roles' ARNs, in addition to their tags. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "allow_ebs_volumes" {
  description = "Add to the key policies what EBS needs to create and attach volumes."
  type        = bool
  default     = false
}
