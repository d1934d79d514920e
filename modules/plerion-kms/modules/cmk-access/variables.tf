variable "create" {
  description = "Whether the policy is created and attached."
  type        = bool
}

variable "role_name" {
  description = "Name of the role that the policy is attached to."
  type        = string
}

variable "kms_key_access_mode" {
  description = "`ALL_KEYS` or `SELECTED_KEYS`."
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

variable "partition" {
  description = "Partition of the ARNs."
  type        = string
}

variable "key_arns" {
  description = "Keys that the statement covers; empty covers keys by account and Region."
  type        = list(string)
}

variable "key_account_ids" {
  description = "Accounts whose keys the statement covers; empty covers all."
  type        = list(string)
}

variable "key_regions" {
  description = "Regions whose keys the statement covers; empty covers all."
  type        = list(string)
}

variable "via_services" {
  description = "Values of `kms:ViaService` that the statement requires; empty requires none."
  type        = list(string)
}

variable "grants_only_for_aws_resources" {
  description = "Whether CreateGrant is allowed only to AWS services."
  type        = bool
}

variable "tag_is_binding" {
  description = "Whether the policy also denies by the tag."
  type        = bool
}

variable "tags" {
  description = "Tags of a managed policy."
  type        = map(string)
}
