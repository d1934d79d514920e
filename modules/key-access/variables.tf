variable "create" {
  description = "Whether anything is set on the keys; with false the module has no resources and no data sources."
  type        = bool
  default     = true
  nullable    = false
}

variable "keys" {
  description = "The keys, by names of your choice, all of one account and Region: `key_arn`; `policy_json`, the key's policy as it is now, into which the additions are merged (null leaves the policy alone); `grant_plerion_access`, false to take the additions out again; `plerion_access_tag`, the value of the tag `PlerionAccess`, `Granted` or `Denied` (null leaves the tags alone); `set_policy`, to be set to true where there is a tag too and `policy_json` is known only after the apply."
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
  description = "The mode of the integration, for the warnings alone: `ALL_KEYS`, `SELECTED_KEYS`, or null for no warnings about mode and tag."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_access_mode == null ? true : contains(["ALL_KEYS", "SELECTED_KEYS"], var.kms_key_access_mode)
    error_message = "kms_key_access_mode must be \"ALL_KEYS\" or \"SELECTED_KEYS\": set it to one of the two, or omit it."
  }
}

variable "hardened" {
  description = "Whether the integration is set up with `hardened` of modules/plerion-kms: the additions then have to be pinned to both roles by `appliance_role_arns` and `access_role_arns`, and `tag_is_binding` is true unless it is set itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "tag_is_binding" {
  description = "Whether the appliance role is denied by the tag (`tag_is_binding` of modules/plerion-kms), for the warnings alone. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "integration_account_ids" {
  description = "Accounts of the Plerion integrations that are to use the keys, where the keys are in another account than they are. Empty where keys and integration are in one account. With several, list the keys' own account too if it has an integration."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.integration_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "integration_account_ids must hold only AWS account IDs: use the 12 digits of each, in quotes."
  }
}

variable "allow_ebs_volumes" {
  description = "Adds to the key policy what EBS needs and the guide's additions leave out, so that volumes can be made from encrypted snapshots and attached: GenerateDataKeyWithoutPlaintext, and CreateGrant for AWS services alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "appliance_role_arns" {
  description = "ARNs of the appliance role that the additions are pinned to (`aws:PrincipalArn`), beside its tag: the guide trusts the tag alone, and a session tag is a tag, so that whoever may tag a session passes for the role. Empty as in the guide."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.appliance_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "appliance_role_arns must hold only IAM role ARNs: use the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

variable "access_role_arns" {
  description = "ARNs of the access role that the additions are pinned to (`aws:PrincipalArn`), beside its tag: the guide trusts the tag alone, and a session tag is a tag, so that whoever may tag a session passes for the role. Empty as in the guide."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.access_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "access_role_arns must hold only IAM role ARNs: use the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

variable "via_services" {
  description = "AWS services by way of which alone the appliance may use keys (`kms:ViaService`), for instance `ec2.*.amazonaws.com`; empty as in the guide, which also allows calls from anywhere with the role's credentials. Calls that the appliance makes itself are then refused, DescribeKey included."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.via_services : can(regex("^[a-z0-9-]+\\.([a-z0-9-]+|\\*)\\.amazonaws\\.com(\\.cn)?$", service))])
    error_message = "via_services must hold only values of kms:ViaService: use for example \"ec2.eu-west-1.amazonaws.com\", or \"ec2.*.amazonaws.com\" for every Region."
  }
}

variable "bypass_policy_lockout_safety_check" {
  description = "Whether KMS is told not to check that the new policy still lets the caller change it; with true a key can become unmanageable, and destroying leaves the policy as it is then."
  type        = bool
  default     = false
  nullable    = false
}

variable "restore_policy_on_destroy" {
  description = "Whether destroying puts the given policy back, without the additions: Terraform's provider by itself puts AWS's default policy in its place, and the AWS CLI puts the given one before and after that. It can't where the module's block is deleted from the configuration: empty `keys` first, apply, then delete it. With false the default policy stays, which opens the key to its account."
  type        = bool
  default     = true
  nullable    = false
}

variable "cli_profile" {
  description = "Profile of the AWS CLI, where its usual credentials are not those of an administrator of the keys, for instance because the provider assumes a role: the CLI does not see the provider's configuration. The CLI sets the tags, since Terraform's provider has no resource for one tag of a key, and restores policies. Terraform does not see when a tag is changed later."
  type        = string
  default     = null
}
