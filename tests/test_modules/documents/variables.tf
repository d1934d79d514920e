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

variable "delegating" {
  description = "Key policies by name, of the key 1234abcd of the account 111122223333, and whom they may name."
  type = map(object({
    policy_json         = string
    appliance_role_arns = optional(list(string), [])
  }))
}
