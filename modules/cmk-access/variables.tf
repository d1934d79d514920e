variable "create" {
  description = "Whether the policy is created and attached; the documents are rendered in any case."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_access_mode" {
  description = "Which keys the appliance may use: `ALL_KEYS` (all but those tagged `PlerionAccess = Denied`) or `SELECTED_KEYS` (only those tagged `PlerionAccess = Granted`)."
  type        = string
  default     = "ALL_KEYS"
  nullable    = false

  validation {
    condition     = contains(["ALL_KEYS", "SELECTED_KEYS"], var.kms_key_access_mode)
    error_message = "kms_key_access_mode is neither \"ALL_KEYS\" nor \"SELECTED_KEYS\": set it to one of the two."
  }
}

variable "role_name" {
  description = "Name of the role that the statement is attached to."
  type        = string
  default     = null

  validation {
    condition     = var.role_name == null ? true : can(regex("^[\\w+=,.@-]{1,64}$", var.role_name))
    error_message = "role_name is not the name of an IAM role: give the name alone, without path and ARN, of at most 64 characters."
  }
}

variable "check_role_tags" {
  description = "Whether a role that exists already is looked up and must carry the tag that key policies know it by; the lookup needs iam:GetRole."
  type        = bool
  default     = true
  nullable    = false
}

variable "attach_policy_as" {
  description = "How policies are attached to roles: `inline`, a part of the role, or `managed`, a policy with an ARN, path and tags of its own."
  type        = string
  default     = "inline"
  nullable    = false

  validation {
    condition     = contains(["inline", "managed"], var.attach_policy_as)
    error_message = "attach_policy_as is neither \"inline\" nor \"managed\": set it to one of the two."
  }
}

variable "policy_name" {
  description = "Name of the policy that holds the statement."
  type        = string
  default     = "PlerionKmsCmkAccess"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,128}$", var.policy_name))
    error_message = "policy_name is not the name of an IAM policy: take 1 to 128 letters, digits or signs of +=,.@-_."
  }
}

variable "policy_path" {
  description = "Path of managed policies."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.policy_path))
    error_message = "policy_path is not an IAM path: begin and end it with a slash, for instance \"/plerion/\"."
  }
}

variable "policy_description" {
  description = "Description of a managed policy. IAM keeps the one that the policy was created with."
  type        = string
  default     = null
}

variable "partition" {
  description = "Partition of the ARNs in the rendered policies, for instance `aws` or `aws-us-gov`; the guide's text is made for `aws`."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = can(regex("^aws(-[a-z]+)*$", var.partition))
    error_message = "partition is not an AWS partition: set it to \"aws\", \"aws-cn\" or \"aws-us-gov\"."
  }
}

variable "key_account_ids" {
  description = "Accounts whose keys the statement covers; empty for any, as in the guide, which includes keys of foreign accounts that are shared with this one."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.key_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "key_account_ids holds something that is not an AWS account id: give the 12 digits of each, in quotes."
  }
}

variable "key_regions" {
  description = "Regions whose keys the statement covers; empty for any, as in the guide."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for region in var.key_regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", region))])
    error_message = "key_regions holds something that is not an AWS Region: give codes such as \"eu-west-1\"."
  }
}

variable "key_arns" {
  description = "Keys that the statement names one by one, instead of all keys of accounts and Regions; empty for any, as in the guide."
  type        = list(string)
  default     = []
  nullable    = false
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

variable "grants_only_for_aws_resources" {
  description = "Allows CreateGrant only to AWS services that act for the appliance (`kms:GrantIsForAWSResource`): the guide lets the appliance grant any operation to anybody, and grants outlive a `Denied` tag."
  type        = bool
  default     = false
  nullable    = false
}

variable "tag_is_binding" {
  description = "Adds an explicit Deny by the `PlerionAccess` tag to the appliance role: the guide's tag is in an Allow alone, so that it does not close keys that carry the same-account additions. In `SELECTED_KEYS` this closes every customer managed key that is not tagged `Granted`, also one that names the role in its own policy. AWS managed keys, such as `aws/ebs`, take no tags and are left alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags of a managed policy; inline policies have none."
  type        = map(string)
  default     = {}
  nullable    = false
}
