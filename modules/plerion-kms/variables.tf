variable "create" {
  description = "Whether anything is created or looked up; with false the module has no resources and no data sources, and its documents are still rendered."
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

variable "create_roles" {
  description = "Whether the two roles are created; with false they exist already, and the statement is attached to the role that `appliance_role_name` names."
  type        = bool
  default     = true
  nullable    = false
}

variable "attach_statement" {
  description = "Whether the statement is attached to the appliance role; with false it is only rendered. Attach it once: a role that holds both modes, one from elsewhere, may use what either allows."
  type        = bool
  default     = true
  nullable    = false
}

variable "attach_metadata_policy" {
  description = "Whether the access role gets an identity policy that reads key metadata; null does so for a role that the module creates, true also for one that exists already."
  type        = bool
  default     = null
}

variable "check_role_tags" {
  description = "Whether a role that exists already is looked up and must carry the tag that key policies know it by; the lookup needs iam:GetRole."
  type        = bool
  default     = true
  nullable    = false
}

variable "external_id" {
  description = "External id that Plerion shows for the integration; needed when the access role is created."
  type        = string
  default     = null

  validation {
    condition     = var.external_id == null ? true : can(regex("^[\\w+=,.@:/-]{2,}$", var.external_id)) && length(var.external_id) <= 1224
    error_message = "external_id is not an external id: copy it from Plerion as it is, 2 to 1224 letters, digits or signs of +=,.@:/-_."
  }
}

variable "appliance_role_name" {
  description = "Name of the appliance role; where it is a prefix, of at most 37 characters."
  type        = string
  default     = "PlerionApplianceRole"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.appliance_role_name))
    error_message = "appliance_role_name is not the name of an IAM role: give the name alone, without path and ARN, of at most 64 characters."
  }
}

variable "access_role_name" {
  description = "Name of the access role; where it is a prefix, of at most 37 characters."
  type        = string
  default     = "PlerionAccessRole"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.access_role_name))
    error_message = "access_role_name is not the name of an IAM role: give the name alone, without path and ARN, of at most 64 characters."
  }
}

variable "role_use_name_prefix" {
  description = "Whether the names are prefixes to which AWS adds a unique suffix."
  type        = bool
  default     = false
  nullable    = false
}

variable "role_path" {
  description = "Path of the roles. A change makes new roles before the old ones go, so that they need other names too."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path is not an IAM path: begin and end it with a slash, for instance \"/plerion/\"."
  }
}

variable "role_permissions_boundary" {
  description = "ARN of the policy that bounds the roles' permissions."
  type        = string
  default     = null

  validation {
    condition     = var.role_permissions_boundary == null ? true : can(regex("^arn:[\\w-]+:iam::(aws|[0-9]{12}):policy/", var.role_permissions_boundary))
    error_message = "role_permissions_boundary is not the ARN of an IAM policy: give one of the form arn:aws:iam::111122223333:policy/NAME."
  }
}

variable "role_max_session_duration" {
  description = "Longest session of the roles in seconds, 3600 to 43200; null leaves it to AWS, which takes one hour."
  type        = number
  default     = null

  validation {
    condition     = var.role_max_session_duration == null ? true : var.role_max_session_duration >= 3600 && var.role_max_session_duration <= 43200
    error_message = "role_max_session_duration is not between 3600 and 43200: give seconds, one hour to twelve."
  }
}

variable "role_force_detach_policies" {
  description = "Whether destroying a role first detaches the policies that others attached to it; without it AWS refuses."
  type        = bool
  default     = false
  nullable    = false
}

variable "appliance_role_description" {
  description = "Description of the appliance role."
  type        = string
  default     = "Used by the Plerion appliance to read what is encrypted under KMS keys."
  nullable    = false

  validation {
    condition     = length(var.appliance_role_description) <= 1000
    error_message = "appliance_role_description is too long: shorten it to 1000 characters."
  }
}

variable "access_role_description" {
  description = "Description of the access role."
  type        = string
  default     = "Used by Plerion's control plane to read the metadata of KMS keys."
  nullable    = false

  validation {
    condition     = length(var.access_role_description) <= 1000
    error_message = "access_role_description is too long: shorten it to 1000 characters."
  }
}

variable "create_instance_profile" {
  description = "Whether an instance profile with the appliance role's name is created; it counts only where the role is left to EC2."
  type        = bool
  default     = true
  nullable    = false
}

variable "appliance_trusted_role_arns" {
  description = "Roles that may assume the appliance role, for instance PlerionInstanceProfileRole of a service account; empty leaves it to EC2."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.appliance_trusted_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/", arn))])
    error_message = "appliance_trusted_role_arns holds something that is not the ARN of a role: give ARNs of the form arn:aws:iam::111122223333:role/NAME."
  }
}

variable "plerion_account_id" {
  description = "Plerion's AWS account, which assumes the access role."
  type        = string
  default     = "588158338731"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.plerion_account_id))
    error_message = "plerion_account_id is not an AWS account id: give its 12 digits, in quotes."
  }
}

variable "integration_account_id" {
  description = "Account of the Plerion integration, for the rendered cross-account additions; null leaves them out."
  type        = string
  default     = null

  validation {
    condition     = var.integration_account_id == null ? true : can(regex("^[0-9]{12}$", var.integration_account_id))
    error_message = "integration_account_id is not an AWS account id: give its 12 digits, in quotes."
  }
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

variable "metadata_policy_name" {
  description = "Name of the policy that lets the access role read key metadata."
  type        = string
  default     = "PlerionKmsMetadata"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,128}$", var.metadata_policy_name))
    error_message = "metadata_policy_name is not the name of an IAM policy: take 1 to 128 letters, digits or signs of +=,.@-_."
  }
}

variable "policy_path" {
  description = "Path of managed policies. A change makes a new policy before the old one goes, so that it needs another `policy_name` too."
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
  description = "Partition of the ARNs in the rendered policies, for instance `aws` or `aws-us-gov`; null uses the provider's, and `aws`, as in the guide, where `create` is false."
  type        = string
  default     = null

  validation {
    condition     = var.partition == null || can(regex("^aws(-[a-z]+)*$", var.partition))
    error_message = "partition is not an AWS partition: set it to \"aws\", \"aws-cn\" or \"aws-us-gov\"."
  }
}

variable "tags" {
  description = "Tags for all resources; the tags that the guide relies on are added to the roles and win."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "hardened" {
  description = "Switches on what is recommended beyond the guide's text: `tag_is_binding`, `grants_only_for_aws_resources` and `pin_additions_to_roles`, each unless it is set itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "tag_is_binding" {
  description = "Adds an explicit Deny by the `PlerionAccess` tag to the appliance role: the guide's tag is in an Allow alone, so that it does not close keys that carry the same-account additions. In `SELECTED_KEYS` this closes every customer managed key that is not tagged `Granted`, also one that names the role in its own policy. AWS managed keys, such as `aws/ebs`, take no tags and are left alone. Null follows `hardened`."
  type        = bool
  default     = null
}

variable "grants_only_for_aws_resources" {
  description = "Allows CreateGrant only to AWS services that act for the appliance (`kms:GrantIsForAWSResource`): the guide lets the appliance grant any operation to anybody, and grants outlive a `Denied` tag. Null follows `hardened`."
  type        = bool
  default     = null
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
  description = "Keys that the statement names one by one, for rules that refuse `kms:Decrypt` on all keys (Security Hub KMS.1 and KMS.2); mode and tag still decide. Empty for any key, as in the guide. Not together with `key_account_ids` or `key_regions`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.key_arns : can(regex("^arn:[\\w-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[\\w-]+$", arn))])
    error_message = "key_arns holds something that is not the ARN of a KMS key: give the form arn:aws:kms:eu-west-1:111122223333:key/KEY-ID, not an alias and no wildcard."
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

variable "allow_ebs_volumes" {
  description = "Adds to the key policy what EBS needs and the guide's additions leave out, so that volumes can be made from encrypted snapshots and attached: GenerateDataKeyWithoutPlaintext, and CreateGrant for AWS services alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "pin_additions_to_roles" {
  description = "Whether the rendered key-policy additions are pinned to the ARNs of the two roles (`aws:PrincipalArn`), beside their tags: the guide trusts the tags alone, and a session tag is a tag, so that whoever may tag a session passes for the role. Null follows `hardened`, and pins where ARNs are given."
  type        = bool
  default     = null
}

variable "appliance_role_arns" {
  description = "ARNs of the appliance role to pin the rendered additions to, where the module neither creates nor looks up the roles; else it knows them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.appliance_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "appliance_role_arns holds something that is not the ARN of a role: give ARNs of the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}

variable "access_role_arns" {
  description = "ARNs of the access role to pin the rendered additions to, where the module neither creates nor looks up the roles; else it knows them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.access_role_arns : can(regex("^arn:[\\w-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn))])
    error_message = "access_role_arns holds something that is not the ARN of a role: give ARNs of the form arn:aws:iam::111122223333:role/NAME, without wildcards."
  }
}
