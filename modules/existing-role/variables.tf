variable "create" {
  description = "Whether the role is looked up; with false no data source is read."
  type        = bool
  default     = true
  nullable    = false
}

variable "role_name" {
  description = "Name of the role, without path."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null ? true : can(regex("^[\\w+=,.@-]{1,64}$", var.role_name))
    error_message = "role_name is not the name of an IAM role: give the name alone, without path and ARN, of at most 64 characters."
  }
}

variable "required_tags" {
  description = "Tags that the role must carry, with exactly these values."
  type        = map(string)
  nullable    = false
}
