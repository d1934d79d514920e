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
  description = "External id that Plerion shows for the integration; needed where the roles are created."
  type        = string
  default     = null
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

variable "create_roles" {
  description = "Whether the two roles are created; false where they exist, for instance from Plerion's CloudFormation stack or the organization example."
  type        = bool
  default     = true
}

variable "attach_statement" {
  description = "Whether the mode's statement is attached to the appliance role; false where the role has it."
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
  description = "Switches on what is recommended beyond the guide's text: the three options below, each unless it is set itself."
  type        = bool
  default     = false
}

variable "tag_is_binding" {
  description = "Whether an explicit Deny on the appliance role makes the tag count on keys with additions too. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "grants_only_for_aws_resources" {
  description = "Lets the appliance make grants only for AWS services that act for it. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "pin_additions_to_roles" {
  description = "Whether the additions name the roles' ARNs next to their tags. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "allow_ebs_volumes" {
  description = "Adds to the keys' policies what EBS needs to make and attach volumes."
  type        = bool
  default     = false
}
