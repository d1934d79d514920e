variable "create" {
  description = "Set to false to set nothing on the keys and look up nothing."
  type        = bool
  default     = true
  nullable    = false
}

variable "keys" {
  description = "The keys of one account and Region, by names of your choice: `key_arn`; `policy_json`, the current key policy, into which the additions are merged (null leaves the policy unchanged); `grant_plerion_access`, false to remove the additions; `plerion_access_tag`, the value of the tag `PlerionAccess`, `Granted` or `Denied` (null leaves the tags unchanged); `set_policy`, which must be true if the key has a tag too and `policy_json` is known only after the apply."
  type = map(object({
    key_arn              = string
    policy_json          = optional(string)
    grant_plerion_access = optional(bool, true)
    plerion_access_tag   = optional(string)
    set_policy           = optional(bool)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in var.keys : can(regex("^arn:[\\w-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[\\w-]+$", key.key_arn))])
    error_message = "keys must hold only KMS key ARNs as key_arn: use the form arn:aws:kms:eu-west-1:111122223333:key/KEY-ID, not an alias or a key ID."
  }

  validation {
    condition     = length(distinct([for key in var.keys : join(":", slice(split(":", "${key.key_arn}:::::"), 3, 5))])) <= 1
    error_message = "keys must hold keys of one account and Region: call the module once for each account and Region, with the provider for it."
  }

  validation {
    condition = length(distinct([for key in var.keys : lower(key.key_arn)])) == length(var.keys)
    error_message = format("keys must hold each key once: keep one name for %s.", join(", ", [
      for arn, names in { for name, key in var.keys : lower(key.key_arn) => name... } :
      format("%s (%s)", arn, join(" and ", names)) if length(names) > 1
    ]))
  }

  validation {
    condition     = alltrue([for key in var.keys : key.plerion_access_tag == null ? true : contains(["Granted", "Denied"], key.plerion_access_tag)])
    error_message = "keys must hold only \"Granted\" or \"Denied\" as plerion_access_tag: set it to one of the two, or omit it to leave the tags unchanged."
  }

  validation {
    condition = alltrue([for key in var.keys : key.policy_json != null || (key.plerion_access_tag != null && key.set_policy != true)])
    error_message = format("keys must hold policy_json for each key whose policy is set: add policy_json to %s, or set only plerion_access_tag.", join(", ", [
      for name, key in var.keys : name
      if key.policy_json == null && (key.plerion_access_tag == null || key.set_policy == true)
    ]))
  }
}

variable "kms_key_access_mode" {
  description = "Mode of the integration, used only for warnings: `ALL_KEYS` or `SELECTED_KEYS`. Null gives no warnings about mode and tag."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_access_mode == null ? true : contains(["ALL_KEYS", "SELECTED_KEYS"], var.kms_key_access_mode)
    error_message = "kms_key_access_mode must be \"ALL_KEYS\" or \"SELECTED_KEYS\": set it to one of the two, or omit it."
  }
}

variable "hardened" {
  description = "Set to true if the integration is set up with `hardened` of modules/plerion-kms. The additions must then be pinned to both roles with `appliance_role_arns` and `access_role_arns`, and `tag_is_binding` is true unless it is set itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "tag_is_binding" {
  description = "Whether the appliance role has the Deny by the tag (`tag_is_binding` of modules/plerion-kms), used only for warnings. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "integration_account_ids" {
  description = "Accounts of the Plerion integrations that should use the keys, if the keys are in a different account. Empty if keys and integration are in the same account. If there are several, include the keys' own account if it has an integration."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.integration_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "integration_account_ids must hold only AWS account IDs: use the 12 digits of each, in quotes."
  }
}

variable "allow_ebs_volumes" {
  description = "Add to the key policy what EBS needs to create volumes from encrypted snapshots and attach them, and the guide's additions omit: GenerateDataKeyWithoutPlaintext, and CreateGrant for AWS services only."
  type        = bool
  default     = false
  nullable    = false
}

variable "appliance_role_arns" {
  description = "ARNs of the appliance role to pin the additions to (`aws:PrincipalArn`), in addition to its tag. If empty, as in the guide, only the tag is trusted, and session tags count as principal tags: any principal that may tag a session passes for the role."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.appliance_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "appliance_role_arns must hold only IAM role ARNs: use the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

variable "access_role_arns" {
  description = "ARNs of the access role to pin the additions to (`aws:PrincipalArn`), in addition to its tag. If empty, as in the guide, only the tag is trusted, and session tags count as principal tags: any principal that may tag a session passes for the role."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.access_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "access_role_arns must hold only IAM role ARNs: use the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

variable "via_services" {
  description = "AWS services through which the appliance must call KMS (`kms:ViaService`), for example `ec2.*.amazonaws.com`. Calls that the appliance makes itself are then refused, including DescribeKey. If empty, as in the guide, calls from anywhere with the role's credentials are allowed."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.via_services : can(regex("^[a-z0-9-]+\\.([a-z0-9-]+|\\*)\\.amazonaws\\.com(\\.cn)?$", service))])
    error_message = "via_services must hold only values of kms:ViaService: use for example \"ec2.eu-west-1.amazonaws.com\", or \"ec2.*.amazonaws.com\" for every Region."
  }
}

variable "bypass_policy_lockout_safety_check" {
  description = "Skip the check of KMS that the new policy still lets the caller change it. A key can then become unmanageable, and destroying leaves its policy unchanged."
  type        = bool
  default     = false
  nullable    = false
}

variable "restore_policy_on_destroy" {
  description = "Restore the given policy, without the additions, on destroy. Terraform's provider resets the key to AWS's default policy, and the AWS CLI sets the given one before and after that. This does not work if the module block is deleted from the configuration: empty `keys` first, apply, then delete the block. If false, the default policy remains, which grants the account access to the key."
  type        = bool
  default     = true
  nullable    = false
}

variable "cli_profile" {
  description = "AWS CLI profile, if the CLI's default credentials are not those of a key administrator, for example because the provider assumes a role: the CLI does not see the provider's configuration. The CLI sets the tags, because Terraform's provider has no resource for one tag of a key, and restores policies. Terraform does not notice if a tag is changed later."
  type        = string
  default     = null
}
