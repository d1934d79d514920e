variable "integration_account_id" {
  type = string
}

variable "policies" {
  description = "Key policies by name, as JSON."
  type        = map(string)
}

variable "only_additions" {
  description = "Names of those of which nothing is left without the additions."
  type        = list(string)
}
