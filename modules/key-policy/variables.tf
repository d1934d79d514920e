variable "policy_json" {
  description = "The key's policy as it is now, as JSON; the additions are merged into it. Null renders the additions alone."
  type        = string
  default     = null
}

variable "policy_name" {
  description = "What error messages call the given policy."
  type        = string
  default     = "policy_json"
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the key, for the output `delegation` alone."
  type        = string
  default     = null

  validation {
    condition     = var.key_arn == null || can(regex("^arn:[\\w-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[\\w-]+$", var.key_arn))
    error_message = "key_arn must be a KMS key ARN: use the form arn:aws:kms:eu-west-1:111122223333:key/KEY-ID, not an alias or a key ID."
  }
}

variable "integration_account_ids" {
  description = "Accounts of the Plerion integrations that are to use the key, where it is in another account than they are. Empty where key and integration are in one account. With several, list the key's own account too if it has an integration."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.integration_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "integration_account_ids must hold only AWS account IDs: use the 12 digits of each, in quotes."
  }
}

variable "grant_plerion_access" {
  description = "Whether the additions are in the merged policy; false takes them out again."
  type        = bool
  default     = true
  nullable    = false
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
