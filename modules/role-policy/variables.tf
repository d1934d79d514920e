variable "create" {
  description = "Whether the policy is created and attached."
  type        = bool
  default     = true
  nullable    = false
}

variable "role_name" {
  description = "Name of the role that the policy is attached to."
  type        = string
  default     = null
}

variable "policy_json" {
  description = "The identity policy, as JSON."
  type        = string
  nullable    = false
}

variable "attach_policy_as" {
  description = "How the policy is attached: `inline`, a part of the role, or `managed`, a policy with an ARN, path and tags of its own."
  type        = string
  default     = "inline"
  nullable    = false

  validation {
    condition     = contains(["inline", "managed"], var.attach_policy_as)
    error_message = "attach_policy_as is neither \"inline\" nor \"managed\": set it to one of the two."
  }
}

variable "policy_name" {
  description = "Name of the policy."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,128}$", var.policy_name))
    error_message = "policy_name is not the name of an IAM policy: take 1 to 128 letters, digits or signs of +=,.@-_."
  }
}

variable "policy_path" {
  description = "Path of a managed policy."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.policy_path))
    error_message = "policy_path is not an IAM path: begin and end it with a slash, for instance \"/plerion/\"."
  }
}

variable "policy_description" {
  description = "Description of a managed policy. IAM keeps the one that the policy was created with."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of a managed policy; inline policies have none."
  type        = map(string)
  default     = {}
  nullable    = false
}
