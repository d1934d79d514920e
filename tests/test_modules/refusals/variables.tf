variable "policies" {
  description = "Key policies that cannot be merged, by name."
  type = map(object({
    policy_json          = string
    grant_plerion_access = optional(bool, true)
  }))
}

variable "sized_policies" {
  description = "Identity policies for roles, by name, and how each is attached."
  type        = map(object({ policy_json = string, attach_policy_as = string }))
}

variable "nothing_to_pin_to" {
  description = "Calls of plerion-kms that pin the additions without both roles' ARNs, by name."
  type = map(object({
    create                 = optional(bool, false)
    hardened               = optional(bool, false)
    pin_additions_to_roles = optional(bool)
    appliance_role_arns    = optional(list(string), [])
    access_role_arns       = optional(list(string), [])
  }))
}
