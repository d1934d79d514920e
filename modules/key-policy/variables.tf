variable "policy_json" {
  description = "The key's policy as it is now, as JSON; the two statements are merged into it. Null renders the statements alone."
  type        = string
  default     = null

  validation {
    condition     = var.policy_json == null ? true : can(jsondecode(var.policy_json).Statement)
    error_message = "policy_json is not a key policy: give a JSON object that holds \"Statement\", for instance what 'aws kms get-key-policy --output text' prints."
  }
}

variable "integration_account_id" {
  description = "Account of the Plerion integration, where the key lies in another one; null where both are the same."
  type        = string
  default     = null

  validation {
    condition     = var.integration_account_id == null ? true : can(regex("^[0-9]{12}$", var.integration_account_id))
    error_message = "integration_account_id is not an AWS account id: give its 12 digits, in quotes."
  }
}

variable "grant_plerion_access" {
  description = "Whether the two statements are in the merged policy; false takes them out again."
  type        = bool
  default     = true
  nullable    = false
}
