variable "region" {
  description = "Region of the StackSet and its stacks. The roles that they create are global."
  type        = string
  default     = "us-east-1"
}

variable "external_id" {
  description = "External ID that Plerion shows for the integration, for all targets without one of their own."
  type        = string
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use, in all targets without a mode of their own."
  type        = string
  default     = "ALL_KEYS"
}

variable "targets" {
  description = "Where the roles are deployed, by names of your choice: organizational units, limited to `accounts` or excluding `exclude_accounts` if given, and optionally an external ID and a mode that differ from the common ones."
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
    error_message = "targets must hold only organizational unit IDs: use the form ou-ab12-11112222, or r-ab12 for the root."
  }

  validation {
    condition     = alltrue(flatten([for target in var.targets : [for id in coalesce(target.accounts, []) : can(regex("^[0-9]{12}$", id))]]))
    error_message = "targets must hold only AWS account IDs in accounts: use the 12 digits of each, in quotes."
  }

  validation {
    condition     = alltrue(flatten([for target in var.targets : [for id in coalesce(target.exclude_accounts, []) : can(regex("^[0-9]{12}$", id))]]))
    error_message = "targets must hold only AWS account IDs in exclude_accounts: use the 12 digits of each, in quotes."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.accounts == null || target.exclude_accounts == null])
    error_message = "targets must not hold accounts and exclude_accounts in one target: remove exclude_accounts, because accounts already excludes all others."
  }

  validation {
    condition     = alltrue([for target in var.targets : length(coalesce(target.accounts, target.exclude_accounts, ["none"])) > 0])
    error_message = "targets must not hold an empty accounts or exclude_accounts: add an account, or remove the list."
  }

  validation {
    condition     = alltrue([for name, target in var.targets : can(regex("^[A-Za-z0-9-]{1,100}$", name))])
    error_message = "targets must have names that a StackSet can have: use at most 100 letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for target in var.targets : contains(["ALL_KEYS", "SELECTED_KEYS"], coalesce(target.kms_key_access_mode, "ALL_KEYS"))])
    error_message = "targets must hold only \"ALL_KEYS\" or \"SELECTED_KEYS\" as kms_key_access_mode: set it to one of the two, or omit it."
  }
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the appliance role of every account, for example PlerionInstanceProfileRole of a service account. If empty, the role trusts EC2 and gets an instance profile."
  type        = list(string)
  default     = []
}

variable "audit_trusted_arns" {
  description = "Roles or users that may assume PlerionKmsAudit, a role that the template then has too: `plerion-kms audit --organization` reads the accounts with it. Empty leaves it out."
  type        = list(string)
  default     = []
}

variable "permissions_boundary_name" {
  description = "Name of the policy that is the roles' permissions boundary. It must exist in every account. Null sets no boundary."
  type        = string
  default     = null
}

variable "hardened" {
  description = "Enable the two options below, except those that are set themselves. The additions are pinned where keys get them: see many-accounts."
  type        = bool
  default     = false
}

variable "tag_is_binding" {
  description = "Add an explicit Deny by the `PlerionAccess` tag to the appliance roles, so that the tag also applies to keys with additions. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "grants_only_for_aws_resources" {
  description = "Allow CreateGrant only to AWS services that act for the appliance. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "concurrency_percentage" {
  description = "Percentage of accounts that are deployed in parallel. It is also the percentage of failures at which the deployment stops."
  type        = number
  default     = 10
}

variable "call_as" {
  description = "Account that deploys: `SELF`, the organization's management account, or `DELEGATED_ADMIN`, a delegated administrator of StackSets."
  type        = string
  default     = "SELF"
}
