variable "policy_json" {
  description = "The key's policy as it is now, as JSON; the additions are merged into it. Null renders the additions alone."
  type        = string
  default     = null

  validation {
    condition     = var.policy_json == null ? true : can(jsondecode(var.policy_json).Statement)
    error_message = "policy_json is not a key policy: give a JSON object that holds \"Statement\", for instance what 'aws kms get-key-policy --output text' prints."
  }

  validation {
    condition     = !can(jsondecode(var.policy_json).Statement) ? true : can([for statement in flatten([jsondecode(var.policy_json).Statement]) : statement.Effect])
    error_message = "policy_json holds a statement that has no \"Effect\": give every statement as an object with Effect, Principal, Action and Resource."
  }
}

variable "integration_account_id" {
  description = "Account of the Plerion integration, where the key lies in another one; null where both are the same."
  type        = string
  default     = null

  validation {
    condition     = var.integration_account_id == null ? true : can(regex("^[0-9]{12}$", var.integration_account_id))
    error_message = "integration_account_id is not an AWS account id: give its 12 digits, in quotes."
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
    error_message = "appliance_role_arns holds something that is not the ARN of a role: give ARNs of the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

variable "access_role_arns" {
  description = "ARNs of the access role that the additions are pinned to (`aws:PrincipalArn`), beside its tag: the guide trusts the tag alone, and a session tag is a tag, so that whoever may tag a session passes for the role. Empty as in the guide."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.access_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "access_role_arns holds something that is not the ARN of a role: give ARNs of the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

variable "via_services" {
  description = "AWS services by way of which alone the appliance may use keys (`kms:ViaService`), for instance `ec2.*.amazonaws.com`; empty as in the guide, which also allows calls from anywhere with the role's credentials. Calls that the appliance makes itself are then refused, DescribeKey included."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.via_services : can(regex("^[a-z0-9-]+\\.([a-z0-9-]+|\\*)\\.amazonaws\\.com(\\.cn)?$", service))])
    error_message = "via_services holds something that is not a value of kms:ViaService: give for instance \"ec2.eu-west-1.amazonaws.com\", or \"ec2.*.amazonaws.com\" for every Region."
  }
}
