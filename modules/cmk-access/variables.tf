variable "create" {
  description = "Whether the policy is created and attached; the documents are rendered in any case."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use: `ALL_KEYS` (all but those tagged `PlerionAccess = Denied`) or `SELECTED_KEYS` (only those tagged `PlerionAccess = Granted`)."
  type        = string
  default     = "ALL_KEYS"
  nullable    = false

  validation {
    condition     = contains(["ALL_KEYS", "SELECTED_KEYS"], var.kms_key_access_mode)
    error_message = "kms_key_access_mode is neither \"ALL_KEYS\" nor \"SELECTED_KEYS\": set it to one of the two."
  }
}

variable "role_name" {
  description = "Name of the role that the statement is attached to."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null ? true : can(regex("^[\\w+=,.@-]{1,64}$", var.role_name))
    error_message = "role_name is not the name of an IAM role: give the name alone, without path and ARN, of at most 64 characters."
  }
}

variable "policy_name" {
  description = "Name of the policy that holds the statement."
  type        = string
  default     = "PlerionKmsCmkAccess"
  nullable    = false
}

variable "partition" {
  description = "Partition of the key ARNs in the statement's Resource, for instance `aws` or `aws-us-gov`; the guide's text is made for `aws`."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = can(regex("^aws(-[a-z]+)*$", var.partition))
    error_message = "partition is not an AWS partition: set it to \"aws\", \"aws-cn\" or \"aws-us-gov\"."
  }
}
