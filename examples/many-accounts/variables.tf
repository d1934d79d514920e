variable "account_id" {
  description = "The account whose keys are set up; each account has a state of its own."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is not an AWS account id: give its 12 digits, in quotes."
  }
}

variable "accounts_file" {
  description = "File that lists the accounts and their keys, as `accounts.yaml` does, which null takes; the policy files in it are named from its folder."
  type        = string
  default     = null
}

variable "kms_key_access_mode" {
  description = "The mode that the roles have, for the warnings about tags without effect alone."
  type        = string
  default     = "ALL_KEYS"
}

variable "hardened" {
  description = "Whether the roles are set up with `hardened` in the organization example: pins the additions to both roles of the account."
  type        = bool
  default     = false
}

variable "allow_ebs_volumes" {
  description = "Adds to the keys' policies what EBS needs to make and attach volumes."
  type        = bool
  default     = false
}

variable "appliance_role_name" {
  description = "Name of the appliance role in every account, with its path if it has one."
  type        = string
  default     = "PlerionApplianceRole"
}

variable "access_role_name" {
  description = "Name of the access role in every account, with its path if it has one."
  type        = string
  default     = "PlerionAccessRole"
}
