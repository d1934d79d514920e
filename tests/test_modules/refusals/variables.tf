variable "policies" {
  description = "Key policies that cannot be merged, by name."
  type = map(object({
    policy_json          = string
    grant_plerion_access = optional(bool, true)
  }))
}
