variable "region" {
  description = "Region that the StackSet and its stacks live in; the roles that they make are global."
  type        = string
  default     = "us-east-1"
}

variable "external_id" {
  description = "External id that Plerion shows for the integration, for all targets that name none of their own."
  type        = string
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use, in all targets that name no mode of their own."
  type        = string
  default     = "ALL_KEYS"
}

variable "targets" {
  description = "Where the roles are rolled out to: any name -> organizational units, in them only the `accounts` or all but the `exclude_accounts` if given, and an external id and a mode that differ from the common ones."
  type = map(object({
    organizational_unit_ids = list(string)
    accounts                = optional(list(string))
    exclude_accounts        = optional(list(string))
    external_id             = optional(string)
    kms_key_access_mode     = optional(string)
  }))

  validation {
    condition = alltrue(flatten([
      for target in var.targets : [for id in target.organizational_unit_ids : can(regex("^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$", id))]
    ]))
    error_message = "targets holds something that is not an organizational unit: give ids of the form ou-ab12-11112222, or the root's, r-ab12."
  }

  validation {
    condition     = alltrue(flatten([for target in var.targets : [for id in coalesce(target.accounts, []) : can(regex("^[0-9]{12}$", id))]]))
    error_message = "targets holds something in accounts that is not an AWS account id: give its 12 digits, in quotes."
  }

  validation {
    condition     = alltrue(flatten([for target in var.targets : [for id in coalesce(target.exclude_accounts, []) : can(regex("^[0-9]{12}$", id))]]))
    error_message = "targets holds something in exclude_accounts that is not an AWS account id: give its 12 digits, in quotes."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.accounts == null || target.exclude_accounts == null])
    error_message = "targets holds a target with both accounts and exclude_accounts: leave out one of the two, since accounts alone already excludes all others."
  }

  validation {
    condition     = alltrue([for target in var.targets : length(coalesce(target.accounts, target.exclude_accounts, ["none"])) > 0])
    error_message = "targets holds an empty list in accounts or exclude_accounts: name an account, or leave the list out."
  }

  validation {
    condition     = alltrue([for name, target in var.targets : can(regex("^[A-Za-z0-9-]{1,100}$", name))])
    error_message = "targets has a name that a StackSet cannot have: use letters, digits and hyphens only, at most 100."
  }

  validation {
    condition     = alltrue([for target in var.targets : contains(["ALL_KEYS", "SELECTED_KEYS"], coalesce(target.kms_key_access_mode, "ALL_KEYS"))])
    error_message = "targets holds a kms_key_access_mode that is neither \"ALL_KEYS\" nor \"SELECTED_KEYS\": set it to one of the two, or leave it out."
  }
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the appliance role of every account, for instance PlerionInstanceProfileRole of a service account; empty leaves it to EC2 and adds an instance profile."
  type        = list(string)
  default     = []
}

variable "audit_trusted_arns" {
  description = "Roles or users that may assume PlerionKmsAudit, a role that the template then has too: `plerion-kms audit --organization` reads the accounts with it. Empty leaves it out."
  type        = list(string)
  default     = []
}

variable "permissions_boundary_name" {
  description = "Name of the policy that bounds the roles' permissions and exists in every account; null for none."
  type        = string
  default     = null
}

variable "hardened" {
  description = "Switches on the two options below, each unless it is set itself. The additions are pinned where keys get them: see many-accounts."
  type        = bool
  default     = false
}

variable "tag_is_binding" {
  description = "Adds an explicit Deny by the `PlerionAccess` tag to the appliance roles, so that the tag also counts on keys that carry the additions. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "grants_only_for_aws_resources" {
  description = "Lets the appliance make grants only for AWS services that act for it. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "concurrency_percentage" {
  description = "In how many of a hundred accounts the roll-out works at once; it stops once as many have failed."
  type        = number
  default     = 10
}

variable "call_as" {
  description = "Who rolls out: `SELF`, the organization's management account, or `DELEGATED_ADMIN`, an account that it made administrator of StackSets."
  type        = string
  default     = "SELF"
}
