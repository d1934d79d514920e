variable "region" {
  description = "Region of the provider that creates the roles. Roles are global."
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

variable "keys_file" {
  description = "File that lists the keys, in the form of `keys.yaml`. Paths of policy files in it are relative to its folder. Null uses `keys.yaml`."
  type        = string
  default     = null
}

variable "key_administrator_role_arn" {
  description = "Role that administers the keys. Terraform assumes it to set their policies."
  type        = string
}

variable "cli_profile" {
  description = "AWS CLI profile that acts as the administrator of the keys. Null uses the CLI's default credentials."
  type        = string
  default     = null
}

variable "grant_plerion_access" {
  description = "Set to false to remove the two additions from the key policies."
  type        = bool
  default     = true
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
