variable "policy_json" {
  description = "The current key policy, as JSON, into which the additions are merged. Null renders only the additions."
  type        = string
  default     = null
}

variable "policy_name" {
  description = "Name of the given policy in error messages."
  type        = string
  default     = "policy_json"
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the key, used only for the output `delegation`."
  type        = string
  default     = null

  validation {
    condition     = var.key_arn == null || can(regex("^arn:[\\w-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[\\w-]+$", var.key_arn))
    error_message = "key_arn must be a KMS key ARN: use the form arn:aws:kms:eu-west-1:111122223333:key/KEY-ID, not an alias or a key ID."
  }
}

variable "integration_account_ids" {
  description = "Accounts of the Plerion integrations that should use the key, if it is in a different account. Empty if key and integration are in the same account. If there are several, include the key's own account if it has an integration."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.integration_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "integration_account_ids must hold only AWS account IDs: use the 12 digits of each, in quotes."
  }
}

variable "grant_plerion_access" {
  description = "Set to false to remove the additions from the given policy."
  type        = bool
  default     = true
  nullable    = false
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
