variable "create" {
  description = "Whether the policy is created and attached."
  type        = bool
}

variable "role_name" {
  description = "Name of the role that the policy is attached to."
  type        = string
}

variable "policy_json" {
  description = "The identity policy, as JSON."
  type        = string
}

variable "attach_policy_as" {
  description = "`inline` or `managed`."
  type        = string
}

variable "policy_name" {
  description = "Name of the policy."
  type        = string
}

variable "policy_path" {
  description = "Path of a managed policy."
  type        = string
}

variable "policy_description" {
  description = "Description of a managed policy."
  type        = string
}

variable "tags" {
  description = "Tags of a managed policy."
  type        = map(string)
}
