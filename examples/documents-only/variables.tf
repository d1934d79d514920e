variable "kms_key_access_mode" {
  description = "Which keys the appliance may use."
  type        = string
  default     = "SELECTED_KEYS"
}

variable "integration_account_id" {
  description = "Account of the Plerion integration, for the cross-account additions."
  type        = string
  default     = "111122223333"
}
