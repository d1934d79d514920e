variable "account_id" {
  description = "Account whose keys are set up. Each account has its own state."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be an AWS account ID: use its 12 digits, in quotes."
  }
}

variable "accounts_file" {
  description = "File that lists the accounts and their keys, in the form of `accounts.yaml`. Paths of policy files in it are relative to its folder. Null uses `accounts.yaml`."
  type        = string
  default     = null
}

variable "kms_key_access_mode" {
  description = "Mode of the roles, used only for the warnings about tags without effect."
  type        = string
  default     = "ALL_KEYS"
}

variable "hardened" {
  description = "Set to true if the roles are set up with `hardened` in the organization example. It pins the additions to both roles of the account."
  type        = bool
  default     = false
}

variable "allow_ebs_volumes" {
  description = "Add to the key policies what EBS needs to create and attach volumes."
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
